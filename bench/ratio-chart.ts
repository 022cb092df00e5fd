import { numberText, quantityText } from '../test/support/measuring/number-text.ts';
import type { Summary } from './figure.ts';

const WIDTH = 880;
const NAME_WIDTH = 330;
const BAR_WIDTH = 400;
const ROW = 46;
const TOP = 64;
/** The right edge of the picture, in times the floor. */
const SPAN = 2;

/**
 * The figures that have a floor and a bar in times of it, as a picture: how long the operator takes where a writer that decides nothing
 * takes 1. It shows well on light and on dark.
 */
export function ratioChart(summaries: readonly Summary[]): string {
  const shown = summaries.filter(({ ratio, bar }) => ratio !== undefined && bar?.ratioAtMost !== undefined);
  const height = TOP + shown.length * ROW + 28;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="14" role="img" aria-labelledby="title">`,
    '<title id="title">How long nsbaseline takes, in times of a writer that decides nothing</title>',
    `<rect width="${WIDTH}" height="${height}" rx="8" fill="#ffffff"/>`,
    '<text x="20" y="30" font-size="17" font-weight="600" fill="#1a1a1a">In times of the floor: a writer that makes the same requests and decides nothing</text>',
    ...shown.flatMap((summary, index) => row(summary, TOP + index * ROW)),
    `<line x1="${at(1)}" y1="${TOP - 14}" x2="${at(1)}" y2="${height - 24}" stroke="#555555" stroke-width="1"/>`,
    `<text x="${at(1)}" y="${height - 8}" text-anchor="middle" fill="#555555" font-size="12">floor</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function at(ratio: number): number {
  return Math.round(NAME_WIDTH + (Math.min(ratio, SPAN) / SPAN) * BAR_WIDTH);
}

function row({ scenario, what, value, unit, ratio = 0, bar }: Summary, y: number): readonly string[] {
  const limit = bar?.ratioAtMost ?? SPAN;
  const color = ratio <= limit ? '#2e7d4f' : '#b3541e';
  return [
    `<text x="20" y="${y + 4}" fill="#1a1a1a">${escaped(scenario)}</text>`,
    `<text x="20" y="${y + 20}" fill="#555555" font-size="12">${escaped(what)}</text>`,
    `<rect x="${NAME_WIDTH}" y="${y - 8}" width="${at(ratio) - NAME_WIDTH}" height="22" rx="2" fill="${color}"/>`,
    `<line x1="${at(limit)}" y1="${y - 12}" x2="${at(limit)}" y2="${y + 18}" stroke="#1a1a1a" stroke-width="2" stroke-dasharray="3 2"/>`,
    `<text x="${NAME_WIDTH + BAR_WIDTH + 14}" y="${y + 8}" fill="#1a1a1a">${numberText(ratio)} × · ${escaped(quantityText(value, unit))}</text>`,
  ];
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
