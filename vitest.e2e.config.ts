import { defineConfig } from 'vitest/config';

// Apart from vitest.config.ts, since these tests need Docker and minutes: `make e2e`.
export default defineConfig({
  test: {
    name: 'e2e',
    include: ['test/e2e/**/*.test.ts'],
    pool: 'forks',
    globalSetup: ['test/e2e/vitest-setup.ts'],
    // The files share one cluster, and some of them break it.
    fileParallelism: false,
    // These end a test that would wait for ever; none says how quick a test is, as the machine may be busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
