import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import manifest from '../../../../package.json' with { type: 'json' };
import { EXIT_CODES } from '../../../../src/app/exit-codes.ts';
import { descriptionOf, RUN_OPTION_KEYS } from '../../../../src/app/run-options.ts';
import { COMMANDS } from '../../../../src/cli/commands/commands.ts';
import { withFlagsBehindCommand } from '../../../../src/cli/frame/kubectl-flags.ts';
import { buildInfo } from '../../../../src/telemetry/version.ts';
import { outcomeOf } from '../command-line.ts';

describe('help', () => {
  test('lists every command and every exit code', async () => {
    const { code, printed } = await outcomeOf(['--help']);
    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS) {
      expect(printed).toMatch(new RegExp(`^  ${name} .*${summary}`, 'm'));
    }
    for (const { code: number, meaning } of Object.values(EXIT_CODES)) {
      expect(printed.replaceAll(/\s+/g, ' ')).toContain(`${number} ${meaning.replaceAll('`', '')}`);
    }
  });

  test.each(COMMANDS.map(({ name }) => name))('of %s has an example, by --help and by help', async (name) => {
    const asked = await outcomeOf([name, '--help']);
    expect(asked.code).toBe(0);
    expect(asked.printed).toContain(`nsbaseline ${name}`);
    expect(asked.printed).toContain('Examples:');
    expect(await outcomeOf(['help', name])).toEqual(asked);
  });

  test('of run is complete: every flag with its variable and its default', async () => {
    const { printed } = await outcomeOf(['run', '--help']);
    const words = printed.replaceAll(/\s+/g, ' ');
    for (const key of RUN_OPTION_KEYS) {
      const { flag, env, default: text, defaultNote } = descriptionOf(key);
      expect(words).toContain(flag);
      expect(words).toContain(`[default: ${defaultNote ?? text ?? ''}] [env: ${env}]`);
    }
  });

  test('calls a kubectl plugin what people type', async () => {
    const { printed } = await outcomeOf(['version', '--help'], { executable: 'kubectl-baseline' });
    expect(printed).toContain('Usage: kubectl baseline version');
    expect(printed).toContain('kubectl baseline version -o json');
  });
});

describe('flags of kubectl before the command', () => {
  test.each([
    ['-n team-a status -o wide', 'status -n team-a -o wide'],
    ['--context x --as=jane -A status', 'status --context x --as=jane -A'],
    ['-nteam-a status', 'status -nteam-a'],
    ['--request-timeout 5s help status', 'help --request-timeout 5s status'],
    ['status -n team-a', 'status -n team-a'],
    ['--help', '--help'],
    ['-n team-a', '-n team-a'],
    ['--loud status', '--loud status'],
    ['-n', '-n'],
  ])('%s is read as %s', (line, meant) => {
    expect(withFlagsBehindCommand(line.split(' ')).join(' ')).toBe(meant);
  });

  test('reach the command, which refuses those that it does not have', async () => {
    expect((await outcomeOf(['-n', 'x', 'version'])).complaint).toContain("unknown option '-n'");
    expect((await outcomeOf(['--kubeconfig', '/nowhere/config', 'status'])).complaint).toContain('/nowhere/config');
  });
});

describe('version', () => {
  test('is that of package.json, for people and for programs', async () => {
    expect((await outcomeOf(['version'])).printed).toContain(`nsbaseline ${manifest.version} `);
    expect((await outcomeOf(['--version'])).printed).toBe(`${manifest.version}\n`);
    expect(JSON.parse((await outcomeOf(['version', '-o', 'json'])).printed)).toEqual(buildInfo);
    expect(load((await outcomeOf(['version', '-o', 'yaml'])).printed)).toEqual(buildInfo);
  });
});

describe('what is wrong ends with 2, and goes to standard error', () => {
  test.each([
    [[], 'Usage:'],
    [['vresion'], 'Did you mean version?'],
    [['--loud'], "unknown option '--loud'"],
    [['version', '-o', 'xml'], 'Allowed choices are json, yaml'],
    [['version', 'extra'], 'too many arguments'],
    [['completion'], "missing required argument 'shell'"],
    [['status', '--loud'], "See 'nsbaseline status --help'"],
    [['help', 'nope'], "unknown command 'nope'"],
    [['-n', 'x', 'statsu'], 'Did you mean status?'],
    [['status', '--request-timeout', 'soon'], 'Write a number and a unit'],
    [['completion', 'tcsh'], 'Allowed choices are bash, zsh, fish'],
    [['run', '--workers'], "option '--workers <number>' argument missing"],
    [['run', '--workers', 'zero'], '--workers "zero": write a whole number'],
  ])('%j', async (words, complaint) => {
    const outcome = await outcomeOf(words);
    expect(outcome).toMatchObject({ code: 2, printed: '' });
    expect(outcome.complaint).toContain(complaint);
  });

  test('run reports values, flags, words and variables that are wrong together', async () => {
    const { code, complaint } = await outcomeOf(['run', '--wokers', '--log-level=loud', 'extra', '--listen', 'x'], {
      env: { NSBASELINE_WORKRES: '1' },
    });
    expect(code).toBe(2);
    expect(complaint).toBe(
      [
        'nsbaseline run: 5 problems, nothing was started',
        '  "--wokers": there is no such flag, did you mean --workers?',
        '  "extra": nothing is expected here',
        '  --listen "x": write host:port, such as :8080, 127.0.0.1:8080 or [::1]:8080 (port 0 to 65535, 0 for any free one)',
        '  --log-level "loud": write one of debug, info, warn, error',
        '  NSBASELINE_WORKRES: there is no such setting, did you mean NSBASELINE_WORKERS?',
        "See 'nsbaseline run --help'.",
        '',
      ].join('\n'),
    );
  });
});
