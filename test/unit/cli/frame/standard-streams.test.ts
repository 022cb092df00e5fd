import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { standardStreams } from '../../../../src/cli/frame/standard-streams.ts';

class Stream extends EventEmitter {
  written = '';
  write(text: string): void {
    this.written += text;
  }
}

function broken(code: string, message = 'x') {
  const owner = { stdout: new Stream(), stderr: new Stream(), exitCode: undefined };
  const streams = standardStreams(owner, 'nsbaseline');
  streams.print('first ');
  owner.stdout.emit('error', Object.assign(new Error(message), { code }));
  streams.print('second');
  return { owner, streams };
}

describe('standard output', () => {
  test('that nobody reads any more ends the command with its own exit code, without a word', () => {
    const { owner, streams } = broken('EPIPE');
    expect(owner.stdout.written).toBe('first ');
    expect(owner.stderr.written).toBe('');
    expect(streams.outputEnded.aborted).toBe(true);
    expect(streams.exitCodeFor(4)).toBe(4);
  });

  test('that cannot be written is one line on standard error and exit code 1', () => {
    const { owner, streams } = broken('ENOSPC');
    expect(owner.stderr.written).toBe('nsbaseline: the output could not be written: no space is left on the device\n');
    expect({ set: owner.exitCode, wanted: streams.exitCodeFor(0) }).toEqual({ set: 1, wanted: 1 });
  });

  test('reports a failure once', () => {
    const { owner } = broken('EIO', 'i/o error');
    owner.stdout.emit('error', new Error('again'));
    expect(owner.stderr.written).toBe('nsbaseline: the output could not be written: i/o error\n');
  });

  test('standard error that breaks throws nothing', () => {
    const { owner } = broken('EPIPE');
    expect(() => owner.stderr.emit('error', new Error('gone'))).not.toThrow();
  });
});
