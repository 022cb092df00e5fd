import { GenericContainer, Wait } from 'testcontainers';
import { describe, expect, inject, test } from 'vitest';
import { commandOutput } from './machine/command.ts';

const { current, next } = inject('operatorImages');

/** What the program of an image says, run as the manifests run it: with no rights and nothing to write to. */
async function saidBy(image: string, ...words: readonly string[]): Promise<string> {
  const container = await new GenericContainer(image)
    .withCommand([...words])
    .withNetworkMode('none')
    .withDroppedCapabilities('ALL')
    .withWaitStrategy(Wait.forOneShotStartup())
    .start();
  try {
    const lines: string[] = [];
    const stream = await container.logs();
    for await (const chunk of stream) {
      lines.push(String(chunk));
    }
    return lines.join('');
  } finally {
    await container.stop();
  }
}

describe('the image', () => {
  test('runs by itself and says its version; a later build says a later one', async () => {
    const [first, second] = [await saidBy(current, 'version'), await saidBy(next, 'version')];
    expect(first).toContain(current.split(':')[1]);
    expect(second).not.toContain(`${current.split(':')[1] ?? ''} `);
    expect(second).not.toBe(first);
  });

  test('is not root, and has no shell', async () => {
    expect(
      (
        await commandOutput({ program: 'docker', args: ['image', 'inspect', '--format', '{{.Config.User}}', current] })
      ).trim(),
    ).toBe('65532:65532');
    const files = await commandOutput({
      program: 'sh',
      args: [
        '-c',
        'id=$(docker create "$1") && docker export "$id" | tar -t; docker rm "$id" > /dev/null',
        'files',
        current,
      ],
    });
    expect(
      files.split('\n').filter((name) => /(?:^|\/)(?:sh|bash|dash|busybox|apt|apt-get|dpkg|apk|npm)$/.test(name)),
    ).toEqual([]);
  });
});
