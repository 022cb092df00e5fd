import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Problem, validateBaselinePolicy } from '../../../src/api/validation.ts';
import { INVALID_POLICIES, VALID_POLICIES } from '../../fixtures/policies/corpus.ts';

function problemsOf(spec: unknown, name = 'standard'): readonly Problem[] {
  const outcome = validateBaselinePolicy(name, spec);
  return outcome.ok ? [] : outcome.problems;
}

describe('R11 offline validation', () => {
  test.each(VALID_POLICIES)('takes $title, as it is', ({ name, spec }) => {
    expect(validateBaselinePolicy(name ?? 'standard', spec)).toEqual({ ok: true, spec });
  });

  test.each(INVALID_POLICIES)('refuses $title', ({ name, spec, refused }) => {
    const problems = problemsOf(spec, name);
    expect([...new Set(problems.map((problem) => problem.path))].sort()).toEqual(Object.keys(refused).sort());
    for (const { path, message } of problems) {
      expect(message).toContain(refused[path] ?? '');
    }
  });

  test('suggests what to write', () => {
    expect(problemsOf({ allow: { internet: { cidrs: ['10.1.2.3/8'] } } })[0]?.message).toMatch(/: 10\.0\.0\.0\/8$/);
    expect(problemsOf({ allow: { internet: { cidrs: ['2001:DB8:0:0::1/64'] } } })[0]?.message).toMatch(
      /: 2001:db8::\/64$/,
    );
    expect(problemsOf({ isolate: ['Ingress'], rules: [{ name: 'out', egress: [{}] }] })[0]?.message).toMatch(/: out$/);
    expect(problemsOf({ rules: [{ name: 'a', egress: [{ ports: [{ port: '80' }] }] }] })[0]?.message).toContain(
      'write a number without quotes',
    );
    expect(problemsOf({ alow: {} })[0]?.message).toBe(
      'is no field here; the fields are namespaceSelector, mode, isolate, allow, rules, acknowledge, removal',
    );
    expect(problemsOf({ namespaceSelector: { matchLabels: { team: true } } })[0]?.message).toBe(
      'must be text, not true; put what you wrote in quotes',
    );
    expect(problemsOf({ mode: 'enforce' })[0]?.message).toBe(
      'must be one of Enforce, DryRun, Paused, not the text "enforce"',
    );
  });

  test('F61 refuses an empty field, as the API server does', () => {
    expect(problemsOf({ rules: [{ name: 'a', egress: [{ to: null }] }] })).toEqual([
      {
        path: 'spec.rules[0].egress[0].to',
        message: 'must be a list, not empty (null); write a value, or take the field out',
      },
    ]);
    expect(problemsOf({ namespaceSelector: { matchLabels: { team: null } } })[0]?.path).toBe(
      'spec.namespaceSelector.matchLabels.team',
    );
    expect(problemsOf(null)[0]?.message).toBe('must be there; write "spec: {}" for all the defaults');
  });
});

describe('T offline validation of hostile input', () => {
  test('refuses __proto__ wherever it stands, and never drops it', () => {
    const selector = JSON.parse('{"namespaceSelector":{"matchLabels":{"__proto__":"x","a":"b"}}}') as unknown;
    expect(problemsOf(selector).map(({ path }) => path)).toEqual(['spec.namespaceSelector.matchLabels[__proto__]']);
    expect(problemsOf(JSON.parse('{"__proto__":{"mode":"Paused"}}')).map(({ path }) => path)).toEqual([
      'spec[__proto__]',
    ]);
    expect(problemsOf(JSON.parse('{"allow":{"__proto__":{"dns":{"enabled":false}}}}')).map(({ path }) => path)).toEqual(
      ['spec.allow[__proto__]'],
    );
  });

  test('reads names that every object inherits as plain keys', () => {
    const spec = { namespaceSelector: { matchLabels: { constructor: 'no', toString: 'on', hasOwnProperty: 'y' } } };
    expect(validateBaselinePolicy('standard', spec)).toEqual({ ok: true, spec });
    expect(problemsOf(JSON.parse('{"constructor":{},"toString":1}')).map(({ path }) => path)).toEqual([
      'spec.constructor',
      'spec.toString',
    ]);
  });

  test('ends at once for what is too deep, in a circle, or too much', () => {
    const circle: Record<string, unknown> = {};
    circle.allow = circle;
    expect(problemsOf(circle)[0]?.message).toContain('nested too deep');
    let bomb: unknown = 'x';
    for (let level = 0; level < 20; level += 1) {
      bomb = Array.from({ length: 10 }, () => bomb);
    }
    expect(problemsOf({ rules: bomb })[0]?.message).toContain('more than 100000 values');
    expect(problemsOf({ rules: [{ name: 'a'.repeat(1e7), egress: [{}] }] })[0]?.message).toContain(
      'at most 63 characters',
    );
    expect(problemsOf({ ['x'.repeat(1e6)]: 1 })[0]?.path.length).toBeLessThan(100);
  });

  test('tells at most 20 problems, in sentences without control characters', () => {
    const rules = Array.from({ length: 32 }, (_, index) => ({
      name: `${index}\u0007`,
      egress: [{ ports: [{ protocol: 'a\u0000\nb' }] }],
    }));
    const problems = problemsOf({ rules, ['bad\nkey']: 1 });
    expect(problems).toHaveLength(20);
    for (const { path, message } of problems) {
      expect(`${path}${message}`).not.toMatch(/\p{Cc}/u);
    }
  });

  test('gives an answer for any value and any name, and changes neither', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.anything({
          withNullPrototype: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withBigInt: true,
          withSparseArray: true,
        }),
        (name, spec) => {
          const before = fc.stringify(spec);
          const outcome = validateBaselinePolicy(name, spec);
          expect(fc.stringify(spec)).toBe(before);
          if (!outcome.ok) {
            expect(outcome.problems.length).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
});
