import { afterAll } from 'vitest';
import type { EngineName } from '../../server-stub/store/engine.ts';
import { PostgresCluster } from './postgres.ts';

/** Both databases a store may lie in, for `describe.each`. */
export const ENGINES: readonly EngineName[] = ['sqlite', 'postgres'];

let cluster: PostgresCluster | undefined;

/** The PostgreSQL of this test file: started when the first test asks for it, ended after the last. */
export function testCluster(): PostgresCluster {
  cluster ??= PostgresCluster.start();
  return cluster;
}

/** To be called in a file (or `describe`) whose tests use the cluster. */
export function endClusterAfterAll(): void {
  afterAll(() => {
    cluster?.stop();
    cluster = undefined;
  });
}
