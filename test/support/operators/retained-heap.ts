import { fieldOf, parsedJson } from '../../../src/base/json.ts';
import type { OperatorProcess } from './operator-process.ts';

/** Lets an operator be asked for its heap; to be given to it in its environment. */
export const INSPECTABLE = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/**
 * The bytes that an operator holds on to: its heap after a collection, by Node's inspector
 * (https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#method-getHeapUsage). It must have been started {@link INSPECTABLE}.
 */
export async function retainedHeapBytes(operator: OperatorProcess): Promise<number> {
  const address = operator.log.map(({ msg }) => /ws:\/\/\S+/.exec(msg)?.[0]).find((found) => found !== undefined);
  if (address === undefined) {
    throw new Error('the operator was not started inspectable');
  }
  return heapAfterCollection(address);
}

/** The bytes that a process holds on to after a collection, by its inspector at this `ws://` address. */
export async function heapAfterCollection(address: string): Promise<number> {
  const socket = new WebSocket(address);
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    await asked(socket, { id: 1, method: 'HeapProfiler.collectGarbage' });
    return Number(
      fieldOf(fieldOf(await asked(socket, { id: 2, method: 'Runtime.getHeapUsage' }), 'result'), 'usedSize'),
    );
  } finally {
    socket.close();
  }
}

function asked(socket: WebSocket, question: { readonly id: number; readonly method: string }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const listen = ({ data }: MessageEvent): void => {
      const answer = parsedJson(String(data));
      if (fieldOf(answer, 'id') !== question.id) {
        return;
      }
      socket.removeEventListener('message', listen);
      resolve(answer);
    };
    socket.addEventListener('message', listen);
    socket.addEventListener(
      'close',
      () => {
        reject(new Error(`the inspector went away before it answered ${question.method}`));
      },
      { once: true },
    );
    socket.send(JSON.stringify(question));
  });
}
