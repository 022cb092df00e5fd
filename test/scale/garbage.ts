import type { OperatorProcess } from '../support/operators/operator-process.ts';

/** With this in its environment a process can be asked to collect its garbage; the young generation is as large as in the image. */
export const INSPECTABLE: Readonly<Record<string, string>> = {
  NODE_OPTIONS: '--inspect=127.0.0.1:0 --max-semi-space-size=8',
};

/** Has an operator that was started {@link INSPECTABLE} collect its garbage, so that its heap is what it really holds. */
export async function collectGarbage(operator: OperatorProcess): Promise<void> {
  const address = operator.log
    .map(({ msg }) => /ws:\/\/127\.0\.0\.1:\S+/.exec(msg)?.[0])
    .find((found) => found !== undefined);
  if (address === undefined) {
    throw new Error('the operator cannot be inspected');
  }
  const socket = new WebSocket(address);
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('error', () => {
      reject(new Error(`${address} does not answer`));
    });
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
    });
    socket.addEventListener('message', () => {
      resolve();
    });
  });
  socket.close();
}
