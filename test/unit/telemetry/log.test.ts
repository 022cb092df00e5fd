import { describe, expect, test } from 'vitest';
import { createLog, type LogFormat, type LogLevel } from '../../../src/telemetry/log.ts';

async function logInto({
  level = 'info',
  format = 'json',
  isTerminal = false,
}: {
  level?: LogLevel;
  format?: LogFormat;
  isTerminal?: boolean;
} = {}) {
  const written: string[] = [];
  const control = await createLog({
    level,
    format,
    destination: { write: (lines) => written.push(lines), isTerminal },
  });
  return {
    control,
    log: control.log,
    text: () => written.join(''),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('a log line', () => {
  test('is one JSON object with level, time, message and the fields', async () => {
    const { log, lines } = await logInto();
    log.warn({ namespace: 'team-a', count: 2 }, 'managed policy was refused');
    expect(lines()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
        namespace: 'team-a',
        count: 2,
        msg: 'managed policy was refused',
      },
    ]);
  });

  test('of a child carries the fields of all its parents', async () => {
    const { log, lines } = await logInto();
    log.child({ namespace: 'a' }).child({ reconcileId: '7' }).info({}, 'reconciled');
    expect(lines()).toMatchObject([{ namespace: 'a', reconcileId: '7', msg: 'reconciled' }]);
  });

  test('is one line whatever its values hold', async () => {
    const { log, text } = await logInto();
    log.info({ detail: 'a\nb', ['__proto__x']: 'c' }, 'reconciled');
    expect(text().trimEnd().split('\n')).toHaveLength(1);
  });

  test('is for people on a terminal when the format is auto, and JSON elsewhere', async () => {
    const terminal = await logInto({ format: 'auto', isTerminal: true });
    terminal.log.info({ namespace: 'a' }, 'reconciled');
    expect(terminal.text()).toMatch(/INFO.*reconciled/);
    expect(terminal.text()).not.toMatch(/^\{/);
    const pipe = await logInto({ format: 'auto', isTerminal: false });
    pipe.log.info({ namespace: 'a' }, 'reconciled');
    expect(pipe.lines()).toHaveLength(1);
  });
});

describe('the level', () => {
  test('holds back what is below it', async () => {
    const { log, lines } = await logInto({ level: 'warn' });
    log.debug({}, 'one');
    log.info({}, 'two');
    log.warn({}, 'three');
    log.error({}, 'four');
    expect(lines().map((line) => line.msg)).toEqual(['three', 'four']);
  });

  test('changes while running, for children that were made before too', async () => {
    const { control, log, lines } = await logInto();
    const child = log.child({ namespace: 'a' });
    child.debug({}, 'before');
    control.toggleDebug();
    child.debug({}, 'while');
    control.toggleDebug();
    child.debug({}, 'after');
    expect(lines().map((line) => line.msg)).toEqual(['while']);
  });

  test.each([
    { level: 'warn', toggled: ['debug', 'warn', 'debug'] },
    { level: 'debug', toggled: ['info', 'debug', 'info'] },
  ] as const)('$level toggles to $toggled', async ({ level, toggled }) => {
    const { control } = await logInto({ level });
    expect(toggled.map(() => control.toggleDebug())).toEqual(toggled);
  });
});

describe('nothing secret or harmful gets into the log', () => {
  const SECRET = 'AbCdEf0123456789';

  test.each([
    ['a key', { token: SECRET }],
    ['a key of any case', { Authorization: SECRET }],
    ['a key of a kubeconfig', { 'client-key-data': SECRET, clientKeyData: SECRET }],
    ['a key deep inside', { request: { headers: { authorization: [SECRET] } } }],
    ['a header in a text', { detail: `sent Authorization: Bearer ${SECRET} to the server` }],
    ['a token in a text', { detail: `got eyJhbGciOiJSUzI1NiJ9.${SECRET}.${SECRET}` }],
    ['a password in an address', { proxy: `https://user:${SECRET}@127.0.0.1:8443/x` }],
    ['an error', { error: new Error(`Bearer ${SECRET}`, { cause: new Error(`Bearer ${SECRET}`) }) }],
    ['a map', { headers: new Map([['authorization', SECRET]]) }],
  ])('in %s', async (_, fields) => {
    const { log, text } = await logInto();
    log.info(fields, 'reconciled');
    log.child(fields).info({}, 'reconciled');
    expect(text()).toContain('[redacted]');
    expect(text()).not.toContain(SECRET);
  });

  test('what is logged is not changed', async () => {
    const { log } = await logInto();
    const fields = { headers: { authorization: SECRET } };
    log.info(fields, 'reconciled');
    expect(fields.headers.authorization).toBe(SECRET);
  });

  test('an error keeps its type, message and stack', async () => {
    const { log, lines } = await logInto();
    log.error({ error: new TypeError('no such part') }, 'reconcile panicked');
    expect(lines()).toMatchObject([
      {
        error: { type: 'TypeError', message: 'no such part', stack: expect.stringContaining('log.test.ts') as string },
      },
    ]);
  });

  test('control characters of a server do not steer a terminal', async () => {
    const { log, text } = await logInto({ format: 'pretty' });
    log.error({ error: new Error('\u001b[2Jgone\u0007'), detail: '\u001b[2Jgone\u0007' }, 'reconcile panicked');
    expect(text()).toContain('gone');
    expect(text()).not.toMatch(/[\u0007\u001b]/);
  });

  test('circular, deep and wide values are cut', async () => {
    const { log, text, lines } = await logInto();
    const circular: Record<string, unknown> = {};
    for (let index = 0; index < 1_000; index += 1) {
      circular[`key${index}`] = circular;
    }
    const ring: unknown[] = [];
    for (let index = 0; index < 400; index += 1) {
      ring.push(ring);
    }
    log.info({ ring }, 'reconciled');
    log.info({ circular, long: 'x'.repeat(1_000_000), many: Array.from({ length: 100_000 }, () => 'y') }, 'reconciled');
    expect(lines()).toHaveLength(2);
    expect(text().length).toBeLessThan(128 * 1024);
  });
});
