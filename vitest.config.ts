import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Real processes, sockets and files: a test owns what it touches, so files may run in any order.
    sequence: { shuffle: true },
  },
});
