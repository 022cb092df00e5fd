/** A word as a shell takes it back: quoted where a shell would change it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command as a user would type it, in lines of at most `width` where its words allow that, continued with a backslash.
 * A long one is broken before a flag.
 */
export function commandLines(words: readonly string[], width: number): readonly string[] {
  const continued = ' \\';
  const lines: string[] = [];
  for (const chunk of chunksOf(words)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + chunk.length + continued.length <= width) {
      lines[lines.length - 1] = `${last} ${chunk}`;
    } else {
      lines.push(last === undefined ? chunk : `    ${chunk}`);
    }
  }
  return lines.map((line, index) => (index === lines.length - 1 ? line : line + continued));
}

/** A flag and its value stay together. */
function chunksOf(words: readonly string[]): readonly string[] {
  const chunks: string[] = [];
  for (const [index, word] of words.entries()) {
    const before = words[index - 1];
    const isValue = before !== undefined && /^-{1,2}[a-z][a-z-]*$/.test(before) && !word.startsWith('-');
    if (isValue) {
      chunks.push(`${chunks.pop() ?? ''} ${shellWord(word)}`);
    } else {
      chunks.push(shellWord(word));
    }
  }
  return chunks;
}
