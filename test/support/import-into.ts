import { type GrantImport, importGrant } from '../../server-stub/licensing/import-grant.ts';
import type { TestServer } from './server.ts';

/** Imports a grant of the test's vendor into a running server. */
export function importInto(server: TestServer, document: string): Promise<GrantImport> {
  const { root, serverId } = server.world;
  return server.store.write(server.clock.now(), (transaction) =>
    importGrant(transaction, document, [root], serverId, 'operator:test'),
  );
}
