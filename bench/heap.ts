import { fieldOf, parsedJson } from '../src/kube/json-shape.ts';
import type { Measured } from './process.ts';

/** Lets a program be asked for its heap. */
export const INSPECTABLE: readonly string[] = ['--inspect=127.0.0.1:0'];

/**
 * What a program holds on to, in bytes: its heap after a collection, by Node's inspector
 * (https://chromedevtools.github.io/devtools-protocol/v8/Runtime/#method-getHeapUsage). It must have been started {@link INSPECTABLE}.
 */
export async function retainedHeapBytes(program: Measured): Promise<number> {
  const address = /ws:\/\/\S+/.exec(await program.said('ws://'))?.[0] ?? '';
  const socket = new WebSocket(address);
  try {
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', reject, { once: true });
    });
    await answerTo(socket, { id: 1, method: 'HeapProfiler.collectGarbage' });
    const usage = await answerTo(socket, { id: 2, method: 'Runtime.getHeapUsage' });
    return Number(fieldOf(fieldOf(usage, 'result'), 'usedSize'));
  } finally {
    socket.close();
  }
}

function answerTo(socket: WebSocket, question: { readonly id: number; readonly method: string }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const listen = ({ data }: MessageEvent): void => {
      const answer = parsedJson(String(data));
      if (fieldOf(answer, 'id') !== question.id) return;
      socket.removeEventListener('message', listen);
      resolve(answer);
    };
    socket.addEventListener('message', listen);
    socket.addEventListener('close', () => { reject(new Error(`the inspector went away before it answered ${question.method}`)); }, { once: true });
    socket.send(JSON.stringify(question));
  });
}
