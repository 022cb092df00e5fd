/**
 * Makes docs/demo.svg out of what the demo wrote to a terminal:
 *
 *     script -qec 'make demo' /dev/null | node test/demo/picture.ts > docs/demo.svg
 */
import { text } from 'node:stream/consumers';
import { terminalLines } from './terminal-lines.ts';
import { terminalPicture } from './terminal-picture.ts';

const lines = terminalLines(await text(process.stdin));
if (lines.length === 0) {
  process.stderr.write('there is nothing to draw: give what the demo wrote on stdin\n');
  process.exitCode = 1;
} else {
  process.stdout.write(terminalPicture({ title: 'make demo', lines }));
}
