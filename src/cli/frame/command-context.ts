import type { Command } from 'commander';

/** The process around a command. */
export interface CommandContext {
  /** What users type to call us: `nsbaseline`, or `kubectl baseline` as a plugin. */
  readonly programName: string;
  /** The file that was called: `nsbaseline` or `kubectl-baseline`. */
  readonly executable: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The width of the terminal in columns; undefined where there is none. */
  readonly columns?: number | undefined;
  /** Aborted once standard output takes no more, as after `| head`. */
  readonly outputEnded?: AbortSignal;
  /** Writes a result to standard output. */
  print(text: string): void;
  /** Writes everything else to standard error. */
  writeError(text: string): void;
  /** Sets the exit code of the process, see src/app/exit-codes.ts. */
  exit(exitCode: number): void;
}

/** A command of the program. Its file is loaded when it is called: the list of commands needs only the name and the summary. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Loads the function that adds description, options and action to the command of this name. */
  load(): Promise<(command: Command, context: CommandContext) => void>;
}
