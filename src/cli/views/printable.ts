const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu;

/**
 * Text from a cluster or a file on one line of a terminal: a character that moves the cursor, colours, turns the reading
 * direction around or hides shows as its escape, such as `\u001b`; line ends and tabs become blanks. Nothing is cut.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\n\r\t]+/g, ' ').replaceAll(UNPRINTABLE, jsonEscape);
}

/** The same for text that is JSON, where an escape means the character itself. Line ends stay. */
export function printableJson(json: string): string {
  return json.replaceAll(UNPRINTABLE, (character) => (character === '\n' ? character : jsonEscape(character)));
}

/** The same for YAML in which text that {@link isUnprintable} is in double quotes. */
export function printableYaml(yaml: string): string {
  return yaml.replaceAll(UNPRINTABLE, (character) => (character === '\n' ? character : yamlEscape(character)));
}

/** Whether there is a character in the text, line ends apart, that has to be escaped. */
export function isUnprintable(text: string): boolean {
  return printableJson(text) !== text;
}

function jsonEscape(character: string): string {
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}

/** YAML knows no surrogate pairs: https://yaml.org/spec/1.2.2/#57-escaped-characters */
function yamlEscape(character: string): string {
  return character.length === 1
    ? jsonEscape(character)
    : `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
}
