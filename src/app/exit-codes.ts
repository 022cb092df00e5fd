/** What the exit code of every command says. Scripts rely on it. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'Done. For `run`: ended in order, after SIGTERM or SIGINT.' },
  failed: {
    code: 1,
    meaning:
      'Failed, for the reason that the last message names; also when the output could not be written. A reader that closes the pipe early changes no exit code.',
  },
  usage: {
    code: 2,
    meaning: 'A flag, an argument, an environment variable or a file given by the user is wrong; nothing was done.',
  },
  unreachable: {
    code: 3,
    meaning:
      'The API server could not be used: no usable kubeconfig, no connection, credentials or permissions refused, or too old.',
  },
  unhealthy: {
    code: 4,
    meaning:
      'For `status`: it was read, and not all is well: a namespace is not protected as declared, weakened or, when it was asked about, selected by no policy; or a policy is not Ready, held or has orphans; or, with -A, no operator leads. For `check`: a check failed.',
  },
  found: {
    code: 5,
    meaning:
      'What `--fail-on` names was found; for `lint` that is an error unless the flag says otherwise. For other commands no finding changes the exit code without the flag.',
  },
} as const;

/** The name of an exit code. */
export type ExitCodeName = keyof typeof EXIT_CODES;

/** The number of an exit code. */
export function exitCode(name: ExitCodeName): number {
  return EXIT_CODES[name].code;
}
