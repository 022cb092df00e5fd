/** Writes docs/performance.md and docs/performance.svg out of docs/performance.json: `node bench/publish.ts`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { performancePage } from './page.ts';
import { ratioChart } from './ratio-chart.ts';
import type { BenchResult } from './result.ts';

const result = JSON.parse(readFileSync('docs/performance.json', 'utf8')) as BenchResult;
writeFileSync('docs/performance.md', performancePage(result, readFileSync('docs/performance-findings.md', 'utf8')));
writeFileSync('docs/performance.svg', ratioChart(result.figures));
