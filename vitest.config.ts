import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// What these tests start again and again: programs from source, whose compiled code is kept for the next.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, 'node_modules/.compile-cache');

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // It ends as soon as it holds: a machine with other work to do must not fail it.
    expect: { poll: { timeout: 20_000, interval: 20 } },
    // Most wait for a disk or another process: a worker for each core, and none for the main thread alone.
    maxWorkers: '100%',
    // Real processes, sockets and files: a test owns what it touches, so files may run in any order.
    sequence: { shuffle: true },
  },
});
