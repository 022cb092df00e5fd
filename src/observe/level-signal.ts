import type { LogControl } from './log.ts';

/**
 * From now on SIGUSR2 switches the log to `debug` and back; SIGUSR1 is Node's own, it opens the debugger. A signal, and
 * not a request, because whoever can send one runs in the same container anyway. Returns what undoes it.
 */
export function switchLevelOnSignal(control: LogControl): () => void {
  const onSignal = (): void => {
    const level = control.toggleDebug();
    // At the level `error`, an info line about it would not be seen.
    control.log.error({ logLevel: level, reason: 'SIGUSR2' }, 'log level changed');
  };
  process.on('SIGUSR2', onSignal);
  return () => {
    process.off('SIGUSR2', onSignal);
  };
}
