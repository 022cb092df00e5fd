import { defineConfig } from 'vitest/config';

// Apart from vitest.config.ts, since these tests need Docker and minutes: `make e2e`.
export default defineConfig({
  test: {
    name: 'e2e',
    // As in vitest.config.ts: .ci/run names what needed its second try.
    retry: process.env.CI === undefined ? 0 : 1,
    include: ['test/e2e/**/*.test.ts'],
    pool: 'forks',
    globalSetup: ['test/e2e/vitest-setup.ts'],
    // The files share one cluster, and some of them break it.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
