import { type Clock, systemClock } from '#core/clock.ts';
import type { Logger } from '#core/host/log.ts';
import { startAlerts } from './alerts/start-alerts.ts';
import type { ServerConfig } from './config.ts';
import { buildApp, buildLegacyApp } from './http/app.ts';
import { listen } from './http/listen.ts';
import type { Services } from './http/services.ts';
import { loadInstallation } from './installation.ts';
import { renewAutomatically } from './licensing/automatic-renewal.ts';
import { Batch } from './licensing/batch.ts';
import { CredentialUse } from './licensing/credential-use.ts';
import { forget } from './licensing/forget.ts';
import { purgePreauthorizations } from './licensing/preauthorization/purge-preauthorizations.ts';
import { Uploads } from './licensing/preauthorization/uploads.ts';
import { RootChain } from './licensing/root-chain.ts';
import { settleAllMinutes } from './licensing/settle-minutes.ts';
import { openDirectory } from './oidc/open-directory.ts';
import { settleKeys } from './settle-keys.ts';
import { openStore, type Store } from './store/database.ts';
import { watchCommits } from './store/watch-commits.ts';
import { Upkeep } from './upkeep.ts';
import { forgetSessions } from './users/sessions.ts';

export interface RunningServer {
  /** Base URL by which this host reaches it. */
  readonly url: string;
  /** Of the plain listener for older device tools, where there is one. */
  readonly legacyUrl?: string | undefined;
  readonly store: Store;
  /** Answers what is under way, then closes. */
  close(): Promise<void>;
}

export interface ServerOptions {
  /** Takes a line for each request; none are written without. */
  accessLog?: Logger | undefined;
  /** Where the proxies to the receivers of alerts and to the directory are named. */
  env?: Readonly<Record<string, string | undefined>>;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MEBIBYTE = 1024 * 1024;

/**
 * Starts the license server: the composition root. What it stands on is made here, once, and handed down.
 *
 * @throws `not_initialized`, `store_newer`, `store_damaged`, `port_in_use`, `listen_failed`, …
 */
export async function startServer(
  config: ServerConfig,
  log: Logger,
  clock: Clock = systemClock,
  { accessLog, env = {} }: ServerOptions = {},
): Promise<RunningServer> {
  const { serverId, key, otherKeys, roots, tls, store: location } = loadInstallation(config);
  const directory = openDirectory(config, env);
  const opened = await openStore(location);
  const closeAfter = async (cause: unknown): Promise<never> => {
    await opened.close();
    throw cause;
  };
  // A certificate for the next key may have come into force since the last start.
  await settleKeys(opened, config.stateDir, clock.now()).catch(closeAfter);
  const alerts = await startAlerts(config, { store: opened, clock, log, env }).catch(closeAfter);
  const store = watchCommits(opened, () => alerts.wake());
  const batch = new Batch(store, clock);
  const credentialUse = new CredentialUse();
  const issuer = { serverId, key, otherKeys, rootChain: new RootChain(store.reader, roots) };
  const uploads = new Uploads(store, clock, log, {
    stateDir: config.stateDir,
    maxBytes: config.uploadMaxMiB * MEBIBYTE,
  });
  const services: Services = {
    store,
    batch,
    issuer,
    clock,
    config,
    log,
    accessLog,
    credentialUse,
    uploads,
    directory,
  };
  const app = await buildApp(services, config.tls ? tls : undefined);
  const legacyApp = config.legacyHttpPort < 0 ? undefined : await buildLegacyApp(services);
  const closeApps = async () => {
    await Promise.all([app.close(), legacyApp?.close()]);
  };
  let urls: { url: string; legacyUrl?: string | undefined };
  try {
    urls = {
      url: await listen(app, config.host, config.port),
      legacyUrl: legacyApp && (await listen(legacyApp, config.host, config.legacyHttpPort)),
    };
  } catch (cause) {
    await closeApps();
    await alerts.stop();
    await store.close();
    throw cause;
  }

  const upkeep = new Upkeep(
    [
      { name: 'uploads', everyMs: MINUTE_MS, run: () => uploads.resume() },
      {
        name: 'purge',
        everyMs: 10 * MINUTE_MS,
        run: (ended) => purgePreauthorizations(store, clock.now(), ended),
      },
      { name: 'forget', everyMs: 6 * HOUR_MS, run: () => forget(store, clock.now()) },
      {
        name: 'sessions',
        everyMs: HOUR_MS,
        run: () => store.write(clock.now(), ({ db }) => forgetSessions(db, clock.now())),
      },
      { name: 'minutes', everyMs: HOUR_MS, run: (ended) => settleAllMinutes(store, clock, ended) },
      { name: 'renew', everyMs: HOUR_MS, run: (ended) => renewAutomatically(store, clock, ended) },
      {
        name: 'credential use',
        everyMs: 5 * MINUTE_MS,
        run: () => credentialUse.store(store, clock.now()),
      },
    ],
    log,
  );

  return {
    ...urls,
    store,
    async close() {
      await uploads.end();
      await closeApps();
      await upkeep.stop();
      await credentialUse
        .store(store, clock.now())
        .catch((err: unknown) => log.warn({ err }, 'last use of credentials not written'));
      await directory?.close();
      await alerts.stop();
      await batch.drain();
      await store.close();
    },
  };
}
