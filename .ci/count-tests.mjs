// Prints `passed failed skipped` of a vitest JSON report; a run that failed without a failed test counts as one failure.
import { existsSync, readFileSync } from 'node:fs';

const [report, exitCode] = process.argv.slice(2);
const result = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { testResults: [] };
const brokenFiles = result.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);
let failed = (result.numFailedTests ?? 0) + brokenFiles.length;
if (failed === 0 && (exitCode !== '0' || result.success !== true)) {
  failed = 1;
}
const skipped = (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0);
process.stdout.write(`${result.numPassedTests ?? 0} ${failed} ${skipped}\n`);
