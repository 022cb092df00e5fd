/**
 * Everything that the operator imports, and nothing that it does: what a process of it weighs before it has seen a single
 * object.
 */
import { runOperator } from '../../src/app/app.ts';

process.stdout.write(`ready ${runOperator.name}\n`);
setInterval(() => undefined, 2 ** 30);
