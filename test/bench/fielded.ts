import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#core/clock.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { loadInstallation } from '../../server-stub/installation.ts';
import { createEnrollment } from '../../server-stub/licensing/enrollments.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { prepareServer, type ServerFolder, serveEnvironment } from '../support/prepare-server.ts';
import { type StartedProcess, startNode } from './processes.ts';

/** A license server that runs, and what an agent needs of it. */
export interface Fielded {
  readonly folder: string;
  readonly prepared: ServerFolder;
  readonly server: StartedProcess;
  readonly url: string;
  /** For a server at another address, such as that of a wire between them. */
  enrollment(serverUrl?: string): Enrollment;
  /** The environment of an agent that is enrolled there. */
  agentEnvironment(name: string, enrollment?: Enrollment): Record<string, string>;
  stop(): Promise<void>;
}

/** Starts a license server with so many licenses, in a folder that goes with it. */
export async function fieldServer(count: number): Promise<Fielded> {
  const folder = mkdtempSync(join(tmpdir(), 'license-bench-'));
  const prepared = await prepareServer(folder, { lines: ({ purchase }) => [{ ...purchase, count }] });
  const { world } = prepared;
  const { tls, roots, serverId } = loadInstallation(prepared);
  const now = systemClock.now();
  const wish = {
    ...{ appId: world.appId, pid: world.purchase.pid, actor: 'operator:bench' },
    ...{ maxActivations: count, expiresAt: now + 30 * 86_400 },
  };
  const store = await openStore(prepared.store);
  const made = await store.write(now, (transaction) =>
    createEnrollment(transaction, wish, {
      ...{ serverId, caCertificate: tls.authority, rootThumbprint: roots.root.thumbprint },
      serverUrls: ['http://127.0.0.1:1'],
    }),
  );
  await store.close();
  const server = await startNode(['server-stub/main.ts', 'serve', '--json'], serveEnvironment(prepared));
  const { url } = JSON.parse(server.line);
  const enrollment = (serverUrl = url): Enrollment => ({ ...made, serverUrls: [serverUrl] });
  return {
    folder,
    prepared,
    server,
    url,
    enrollment,
    agentEnvironment(name, given = enrollment()) {
      const stateDir = join(folder, name, 'state');
      const runtimeDir = join(folder, name, 'run');
      mkdirSync(stateDir, { mode: 0o700, recursive: true });
      mkdirSync(runtimeDir);
      writeFileSync(join(stateDir, 'enrollment.json'), JSON.stringify(given), { mode: 0o600 });
      return {
        LICENSE_AGENT_STATE_DIR: stateDir,
        LICENSE_AGENT_RUNTIME_DIR: runtimeDir,
        LICENSE_AGENT_VENDOR_ROOTS_FILE: prepared.rootsFile,
        LICENSE_AGENT_LICENSE_KEY_STRATEGY: 'literal',
        LICENSE_AGENT_LICENSE_KEY_VALUE: `SN-${name}`,
        LICENSE_AGENT_LOG_LEVEL: 'error',
      };
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
