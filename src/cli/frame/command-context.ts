import type { Command } from 'commander';

/** What a command has of the world around it. */
export interface CommandContext {
  /** How people call us: `nsbaseline`, or `kubectl baseline` as a plugin. */
  readonly programName: string;
  /** The file that was called: `nsbaseline` or `kubectl-baseline`. */
  readonly executable: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Results, to standard output. */
  print(text: string): void;
  /** Everything else, to standard error. */
  complain(text: string): void;
  /** What the process shall end with, see exit-codes.ts. */
  finish(exitCode: number): void;
}

/** A command of the program. Its file is loaded when it is called, as the name and the summary are enough for the list of commands. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Gives the function that adds description, options and action to the command of this name. */
  load(): Promise<(command: Command, context: CommandContext) => void>;
}
