import { InvalidArgumentError } from 'commander';

/**
 * A parser for the value of a flag that is one of these words, or several with commas: it gives them in the order of
 * `known`, each once. For anything else it throws {@link InvalidArgumentError} with `advice`.
 */
export function wordList<Word extends string>(
  known: readonly Word[],
  advice: string,
): (text: string) => readonly Word[] {
  return (text) => {
    const words = text.split(',');
    if (!words.every((word) => known.some((one) => one === word))) {
      throw new InvalidArgumentError(advice);
    }
    return known.filter((word) => words.includes(word));
  };
}
