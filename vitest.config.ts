import { defineConfig } from 'vitest/config';
import { EVENTUALLY_MS } from './test/support/deadlines.ts';

const controlPlane = ['test/support/control-plane/vitest-setup.ts'];

/** These end a test that would wait for ever; none says how quick a test is, as the machine may be busy. */
const PATIENT = { testTimeout: 240_000, hookTimeout: 240_000, expect: { poll: { timeout: EVENTUALLY_MS } } };
const QUICK = { testTimeout: 60_000, hookTimeout: 60_000, expect: { poll: { timeout: 30_000 } } };

// No project has a second try: a test that needs one is wrong.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...QUICK,
          name: 'unit',
          // As Node itself reads CommonJS, and so as the operator runs.
          deps: { interopDefault: false },
          include: ['test/unit/**/*.test.ts'],
          pool: 'threads',
          // Most of the time of a small test goes into loading what it tests; nothing here keeps state in a module.
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...QUICK,
          name: 'simulation',
          deps: { interopDefault: false },
          include: ['test/simulation/**/*.test.ts'],
          pool: 'threads',
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...PATIENT,
          name: 'faults',
          deps: { interopDefault: false },
          include: ['test/faults/**/*.test.ts'],
          pool: 'forks',
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...PATIENT,
          name: 'contract',
          include: ['test/contract/fake*.test.ts'],
          pool: 'forks',
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...PATIENT,
          name: 'contract-real',
          include: ['test/contract/real.test.ts'],
          pool: 'forks',
          globalSetup: controlPlane,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...PATIENT,
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          pool: 'forks',
          globalSetup: controlPlane,
          // The files share one API server and its cluster-wide objects.
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
