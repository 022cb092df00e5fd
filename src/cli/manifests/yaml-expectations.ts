/** What YAML expects where js-yaml gives that reason, by a part of the reason. */
const EXPECTATIONS: readonly (readonly [RegExp, string])[] = [
  [/bad indentation/, 'expected a key at the indentation of the keys beside it, or one value after the colon'],
  [/deficient indentation/, 'expected the end of a quoted text, a [list] or a {map} that was begun before'],
  [/tab characters/, 'expected blanks: YAML allows no tabs before a key'],
  [/duplicated mapping key/, 'expected each key once'],
  [/unidentified alias/, 'expected an anchor (&name) before its alias (*name)'],
  [/complex keys/, 'expected a text as a key'],
  [/missed comma/, 'expected a comma between the items of a [list] or {map}'],
  [/unexpected end of the stream/, 'expected the end of a quoted text, a [list] or a {map}'],
];

/** What was expected in a line that is not YAML; undefined where the reason alone says it. */
export function expectationFor(reason: string, line: string): string | undefined {
  if (line.includes('{{')) {
    return 'this looks like a template of Helm: give the output of helm template';
  }
  return EXPECTATIONS.find(([pattern]) => pattern.test(reason))?.[1];
}
