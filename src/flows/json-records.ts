import { isJsonObject, itemsOf, type JsonObject, parsedJson } from '../base/json.ts';
import { type LineReader, problem, type RecordReading } from './format.ts';

/** The records of a line of JSON: the object, the objects of a list, or undefined when the line is no JSON. */
export function recordsOf(line: string): readonly unknown[] | undefined {
  const text = line.startsWith('data:') ? line.slice('data:'.length) : line;
  const parsed = parsedJson(text);
  if (parsed === undefined) {
    return undefined;
  }
  return Array.isArray(parsed) ? itemsOf(parsed) : [parsed];
}

/** The JSON objects of the first lines, for recognising a format. */
export function firstRecordsOf(firstLines: readonly string[]): readonly JsonObject[] {
  return firstLines.flatMap((line) => recordsOf(line) ?? []).filter(isJsonObject);
}

/** A reader of lines of JSON, also of lists of records and of server-sent events (`data: {…}`). */
export function jsonLineReader(readRecord: (record: JsonObject) => RecordReading): LineReader {
  return (line) => {
    const records = recordsOf(line);
    if (records === undefined) {
      return [problem('the line is no JSON')];
    }
    return records.map((record) =>
      isJsonObject(record) ? readRecord(record) : problem('the record is no JSON object'),
    );
  };
}
