import { temporaryFolder } from './folder.ts';
import { prepareServer, type ServerFolder, type ServerFolderOptions } from './prepare-server.ts';

/** A prepared server in a folder that goes with the test. */
export function createServerFolder(options: ServerFolderOptions = {}): Promise<ServerFolder> {
  return prepareServer(temporaryFolder(), options);
}

export type { ServerFolder, ServerFolderOptions };
