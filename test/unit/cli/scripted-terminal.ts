import { success } from '../../../src/base/result.ts';
import type { Terminal } from '../../../src/cli/frame/terminal.ts';

/** A person at a terminal who gives these answers, in order, or nobody. */
export function scriptedTerminal(
  answers?: readonly (string | undefined)[],
): Terminal & { readonly questions: readonly string[] } {
  const questions: string[] = [];
  return {
    questions,
    canAsk: answers !== undefined,
    showsOutput: false,
    showsProgress: false,
    ask(question) {
      questions.push(question);
      return Promise.resolve(answers?.[questions.length - 1]);
    },
    readInput: () => Promise.resolve(success('')),
  };
}
