/** A measured time as people read it: `<1 ms`, `9.4 ms`, `18 ms`, `4.9 s`. It is rounded, never flattered: 9.96 ms is `10 ms`. */
export function durationText(durationMs: number): string {
  if (durationMs < 1) {
    return '<1 ms';
  }
  if (durationMs < 9.95) {
    return `${durationMs.toFixed(1)} ms`;
  }
  if (durationMs < 999.5) {
    return `${durationMs.toFixed(0)} ms`;
  }
  return `${(durationMs / 1000).toFixed(1)} s`;
}
