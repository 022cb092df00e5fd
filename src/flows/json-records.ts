import { type LineReader, problem, type RecordReading } from './format.ts';
import { isJson, itemsOf, type Json } from './untrusted-value.ts';

/** The records of a line of JSON: the object, the objects of a list, or undefined when the line is no JSON. */
export function recordsOf(line: string): readonly unknown[] | undefined {
  const text = line.startsWith('data:') ? line.slice('data:'.length) : line;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  return Array.isArray(parsed) ? itemsOf(parsed) : [parsed];
}

/** The JSON objects of the first lines, for recognising a format. */
export function firstRecordsOf(firstLines: readonly string[]): readonly Json[] {
  return firstLines.flatMap((line) => recordsOf(line) ?? []).filter(isJson);
}

/** A reader of lines of JSON, also of lists of records and of server-sent events (`data: {…}`). */
export function jsonLineReader(readRecord: (record: Json) => RecordReading): LineReader {
  return (line) => {
    const records = recordsOf(line);
    if (records === undefined) {
      return [problem('the line is no JSON')];
    }
    return records.map((record) => (isJson(record) ? readRecord(record) : problem('the record is no JSON object')));
  };
}
