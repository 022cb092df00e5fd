import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Words that docs/glossary.md replaces, each with the word to write instead. */
const BANNED_WORDS: Readonly<Record<string, string>> = {
  admit: 'limit',
  anew: 'again',
  announcer: 'transition reporter',
  book: 'compiled policies',
  equivalences: 'server defaults',
  farewell: 'removal',
  hedge: 'stand-in',
  keeper: 'the name of what it does, such as change guard',
  ledger: 'policy progress',
  news: 'event',
  patience: 'transient failures',
  quarrel: 'contest',
  reactions: 'event handlers',
  seen: 'view, or observed',
  settle: 'reconcile, or the name of what it does',
  settled: 'needs no write',
  sight: 'restore check',
  standing: 'existing',
  stopwatch: 'time to protect',
  tell: 'report',
  told: 'reported',
  watched: 'informer',
};

/** The words of a name in camelCase, PascalCase, SNAKE_CASE or kebab-case, in lower case. */
function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

/** The names that the files of src export, and those of the files and folders themselves. */
function namesInSrc(): readonly string[] {
  const files = globSync('**/*.ts', { cwd: join(root, 'src') });
  const parts = files.flatMap((path) => path.replace(/\.ts$/, '').split('/'));
  const exported = files.flatMap((path) => {
    const text = readFileSync(join(root, 'src', path), 'utf8');
    return [...text.matchAll(/^export (?:async |abstract )*(?:function\*?|const|class|interface|type) (\w+)/gm)].map(
      (match) => match[1] ?? '',
    );
  });
  return [...new Set([...parts, ...exported])].sort();
}

function bannedIn(name: string): readonly string[] {
  const words = wordsOf(name);
  // As an adjective the word is fine: WATCHED_RESOURCES. Alone it stands for an informer.
  return words.filter((word) => Object.hasOwn(BANNED_WORDS, word) && (word !== 'watched' || words.length === 1));
}

describe('the glossary', () => {
  const names = namesInSrc();

  test('has no banned word in the name of a file, a folder or an export of src', () => {
    const banned = names.flatMap((name) =>
      bannedIn(name).map((word) => `${name}: write "${BANNED_WORDS[word] ?? ''}" for "${word}"`),
    );
    expect(banned).toEqual([]);
  });

  test('sees the words of a name however it is written', () => {
    expect(['GuardKeeper', 'guard-keeper', 'GUARD_KEEPER'].map(bannedIn)).toEqual([['keeper'], ['keeper'], ['keeper']]);
  });

  test('explains each word once', () => {
    const words = [...readFileSync(join(root, 'docs/glossary.md'), 'utf8').matchAll(/^\| ([^|]+) \|/gm)]
      .map((match) => match[1] ?? '')
      .filter((word) => word !== 'word' && !word.startsWith('-'));
    expect(words.length).toBeGreaterThanOrEqual(30);
    expect(new Set(words).size).toBe(words.length);
  });
});
