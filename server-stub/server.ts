import { type AddressInfo, isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Clock, systemClock } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import type { ServerConfig } from './config.ts';
import { buildApp } from './http/app.ts';
import { loadInstallation } from './installation.ts';
import { Batch } from './licensing/batch.ts';
import { forget } from './licensing/forget.ts';
import { openStore, type Store } from './store/database.ts';
import { Upkeep } from './upkeep.ts';

export interface RunningServer {
  /** Base URL by which this host reaches it. */
  readonly url: string;
  readonly store: Store;
  /** Answers what is under way, then closes. */
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/**
 * Starts the license server: the composition root. What it stands on is made here, once, and handed down.
 *
 * @throws `not_initialized`, `store_newer`, `store_damaged`, `port_in_use`, `listen_failed`, …
 */
export async function startServer(
  config: ServerConfig,
  log: Logger,
  clock: Clock = systemClock,
): Promise<RunningServer> {
  const { serverId, key, roots, tls, store: location } = loadInstallation(config);
  const store = await openStore(location);
  const batch = new Batch(store, clock);
  const app = await buildApp(
    { store, batch, issuer: { serverId, key }, roots, clock, config, log },
    config.tls ? tls : undefined,
  );
  try {
    await app.listen({ host: config.host, port: config.port });
  } catch (cause) {
    await app.close();
    await store.close();
    throw listenError(config, cause);
  }

  const upkeep = new Upkeep(
    [{ name: 'forget', everyMs: 6 * HOUR_MS, run: () => forget(store, clock.now()) }],
    log,
  );

  return {
    url: urlOf(app, config.tls),
    store,
    async close() {
      await app.close();
      await upkeep.stop();
      await batch.drain();
      await store.close();
    },
  };
}

function urlOf(app: FastifyInstance, tls: boolean): string {
  const bound = app.server.address() as AddressInfo;
  const address = bound.address === '0.0.0.0' || bound.address === '::' ? '127.0.0.1' : bound.address;
  return `${tls ? 'https' : 'http'}://${isIP(address) === 6 ? `[${address}]` : address}:${bound.port}`;
}

function listenError({ host, port }: ServerConfig, cause: unknown): unknown {
  if (codeOf(cause) === 'EADDRINUSE') return new LicenseError('port_in_use', { host, port }, { cause });
  if (cause instanceof Error && codeOf(cause) !== undefined) {
    return new LicenseError(
      'listen_failed',
      { where: `${host}:${port}`, problem: reasonOf(cause) },
      { cause },
    );
  }
  return cause;
}
