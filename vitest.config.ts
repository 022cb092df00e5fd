import { defineConfig } from 'vitest/config';

const controlPlane = ['test/support/control-plane/vitest-setup.ts'];

/** In CI a test on a real server gets a second try, and .ci/run names those that needed it: a machine that stands still for seconds is no fault of ours. */
const retry = process.env.CI === undefined ? 0 : 1;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // As Node itself reads CommonJS, and so as the operator runs.
          deps: { interopDefault: false },
          include: ['test/unit/**/*.test.ts'],
          pool: 'threads',
          // Most of the time of a small test goes into loading what it tests; nothing here keeps state in a module.
          isolate: false,
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'simulation',
          deps: { interopDefault: false },
          include: ['test/simulation/**/*.test.ts'],
          pool: 'threads',
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'faults',
          retry,
          deps: { interopDefault: false },
          include: ['test/faults/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'contract',
          retry,
          include: ['test/contract/**/*.test.ts'],
          pool: 'forks',
          globalSetup: controlPlane,
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'integration',
          retry,
          include: ['test/integration/**/*.test.ts'],
          pool: 'forks',
          globalSetup: controlPlane,
          // The files share one API server and its cluster-wide objects.
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
