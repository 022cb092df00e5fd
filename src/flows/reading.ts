import { criLogJoiner } from './cri-log.ts';
import type { Flow } from './flow.ts';
import { FlowTable } from './flow-table.ts';
import type { FlowFormat, IgnoredReason, LineReader, RecordReading } from './format.ts';
import { FLOW_FORMATS, formatNamed, formatOf } from './formats.ts';
import { type Line, LineSplitter, textsOf } from './lines.ts';

/** How to read an input; everything has a default. */
export interface ReadOptions {
  /** The name of the format; recognised by the first lines when it is not given. */
  readonly format?: string;
  /** Distinct flows that are kept, 200,000 unless given. */
  readonly maxFlows?: number;
  /** Characters of one line, 16 million unless given; a longer line is a problem. Lists of all sockets are one line. */
  readonly maxLineLength?: number;
  /** Problems that are kept with their line number, 10 unless given; all are counted. */
  readonly maxProblems?: number;
  /** Is called after each chunk of the input. */
  readonly progress?: (progress: ReadProgress) => void;
}

/** How far the reading is. */
export interface ReadProgress {
  readonly lines: number;
  readonly records: number;
  readonly flows: number;
}

/** A line that could not be read. Its text is not repeated: it comes from elsewhere and may be long. */
export interface LineProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

/** The content of an input. */
export interface FlowsRead {
  readonly ok: true;
  readonly format: FlowFormat;
  readonly flows: readonly Flow[];
  readonly lines: number;
  readonly records: number;
  /** Records left out, by reason. */
  readonly ignored: ReadonlyMap<IgnoredReason, number>;
  readonly problemCount: number;
  /** The first of the problems. */
  readonly problems: readonly LineProblem[];
  /** Records of flows beyond `maxFlows`. */
  readonly dropped: number;
}

/** The input is of no known format, or `format` names none. */
export interface FlowsUnreadable {
  readonly ok: false;
  readonly message: string;
}

const DEFAULT_MAX_FLOWS = 200_000;
const DEFAULT_MAX_LINE_LENGTH = 16_000_000;
const DEFAULT_MAX_PROBLEMS = 10;
/** Lines by which a format is recognised. */
const FIRST_LINES = 50;
const MAX_FIRST_CHARACTERS = 4_000_000;

/**
 * Reads flows from text or UTF-8 in any of the formats of {@link FLOW_FORMATS}. Never throws for what the input holds:
 * a line that cannot be read is counted. Memory is bounded by the distinct flows and the longest line.
 */
export async function readFlows(
  chunks: AsyncIterable<string | Uint8Array>,
  options: ReadOptions = {},
): Promise<FlowsRead | FlowsUnreadable> {
  const input = new Input(options);
  for await (const text of textsOf(chunks)) {
    const refusal = input.take(text);
    if (refusal !== undefined) {
      return { ok: false, message: refusal };
    }
  }
  return input.finish();
}

class Input {
  readonly #options: ReadOptions;
  readonly #splitter: LineSplitter;
  readonly #withoutPrefix: (line: string) => string | undefined;
  #waiting: Line[] = [];
  #waitingCharacters = 0;
  #reader: RecordCounter | undefined;

  constructor(options: ReadOptions) {
    const maxLineLength = options.maxLineLength ?? DEFAULT_MAX_LINE_LENGTH;
    this.#options = options;
    this.#splitter = new LineSplitter(maxLineLength);
    this.#withoutPrefix = criLogJoiner(maxLineLength);
  }

  /** Takes a chunk. Returns why the input cannot be read, once that is clear. */
  take(chunk: string): string | undefined {
    for (const line of this.#splitter.split(chunk)) {
      this.#line(line);
    }
    const isEnough = this.#waiting.length >= FIRST_LINES || this.#waitingCharacters >= MAX_FIRST_CHARACTERS;
    const refusal = this.#reader === undefined && isEnough ? this.#recognise() : undefined;
    if (this.#reader !== undefined) {
      this.#options.progress?.(this.#reader.progress);
    }
    return refusal;
  }

  finish(): FlowsRead | FlowsUnreadable {
    for (const line of this.#splitter.finish()) {
      this.#line(line);
    }
    const refusal = this.#reader === undefined ? this.#recognise() : undefined;
    return this.#reader === undefined ? { ok: false, message: refusal ?? NO_LINES } : this.#reader.result();
  }

  #line({ number, text }: Line): void {
    const line = { number, text: text === undefined ? undefined : this.#withoutPrefix(text) };
    if (text !== undefined && (line.text === undefined || line.text.trim() === '')) {
      return;
    }
    if (this.#reader === undefined) {
      this.#waiting.push(line);
      this.#waitingCharacters += line.text?.length ?? 0;
    } else {
      this.#reader.read(line);
    }
  }

  #recognise(): string | undefined {
    const firstLines = this.#waiting.map(({ text }) => text ?? '');
    const { format: name } = this.#options;
    const format = name === undefined ? formatOf(firstLines) : formatNamed(name);
    if (format === undefined) {
      return refusalFor(name, firstLines);
    }
    this.#reader = new RecordCounter(format, this.#options);
    for (const line of this.#waiting) {
      this.#reader.read(line);
    }
    this.#waiting = [];
    return undefined;
  }
}

/** Reads the lines of one format and counts what comes of them. */
class RecordCounter {
  readonly #format: FlowFormat;
  readonly #maxProblems: number;
  readonly #readLine: LineReader;
  readonly #table: FlowTable;
  readonly #ignored = new Map<IgnoredReason, number>();
  readonly #problems: LineProblem[] = [];
  #problemCount = 0;
  #lines = 0;
  #records = 0;

  constructor(format: FlowFormat, options: ReadOptions) {
    this.#format = format;
    this.#maxProblems = options.maxProblems ?? DEFAULT_MAX_PROBLEMS;
    this.#readLine = format.reader();
    this.#table = new FlowTable({ maxFlows: options.maxFlows ?? DEFAULT_MAX_FLOWS, source: format.name });
  }

  get progress(): ReadProgress {
    return { lines: this.#lines, records: this.#records, flows: this.#table.size };
  }

  read({ number, text }: Line): void {
    this.#lines += 1;
    if (text === undefined) {
      this.#problem({ line: number, message: 'the line is longer than is read' });
      return;
    }
    for (const reading of this.#readLine(text)) {
      this.#records += 1;
      this.#record(reading, number);
    }
  }

  result(): FlowsRead {
    return {
      ok: true,
      format: this.#format,
      flows: this.#table.flows(),
      lines: this.#lines,
      records: this.#records,
      ignored: this.#ignored,
      problemCount: this.#problemCount,
      problems: this.#problems,
      dropped: this.#table.dropped,
    };
  }

  #record(reading: RecordReading, line: number): void {
    if (reading.kind === 'ignored') {
      this.#ignored.set(reading.reason, (this.#ignored.get(reading.reason) ?? 0) + 1);
    } else if (reading.kind === 'problem') {
      this.#problem({ line, message: reading.message });
    } else if (!this.#table.add(reading.flow)) {
      this.#problem({ line, message: 'an end has an address that is none' });
    }
  }

  #problem(problem: LineProblem): void {
    this.#problemCount += 1;
    if (this.#problems.length < this.#maxProblems) {
      this.#problems.push(problem);
    }
  }
}

const NO_LINES = 'the input is empty';
const KNOWN = FLOW_FORMATS.map(({ name }) => name).join(', ');

function refusalFor(name: string | undefined, firstLines: readonly string[]): string {
  if (name !== undefined) {
    return `there is no format of that name; the formats are ${KNOWN}`;
  }
  const [first] = firstLines;
  if (first === undefined) {
    return NO_LINES;
  }
  // Many tools print JSON over many lines by default; the first line is then a lone bracket.
  return /^\s*[[{]\s*$/.test(first)
    ? 'JSON is read one value per line, and this spreads over many; pass it through "jq -c ."'
    : `the first lines are of no known format; the formats are ${KNOWN}`;
}
