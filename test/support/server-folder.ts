import type { EngineName } from '../../server-stub/store/engine.ts';
import { testCluster } from './engines.ts';
import { temporaryFolder } from './folder.ts';
import { prepareServer, type ServerFolder, type ServerFolderOptions } from './prepare-server.ts';

export interface TestFolderOptions extends ServerFolderOptions {
  /** Default: SQLite. PostgreSQL needs {@link endClusterAfterAll} in the file. */
  engine?: EngineName;
}

/** A prepared server in a folder that goes with the test. */
export async function createServerFolder({
  engine = 'sqlite',
  ...options
}: TestFolderOptions = {}): Promise<ServerFolder> {
  const database = engine === 'postgres' ? await testCluster().createDatabase() : '';
  return prepareServer(temporaryFolder(), { database, ...options });
}

export type { ServerFolder };
