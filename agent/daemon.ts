import { join } from 'node:path';
import { LicenseError } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import type { AgentConfig } from './config.ts';
import { openDevice } from './device.ts';
import { type Enrolled, enrolledDevice, readStoredEnrollment, underStoredRoots } from './enrolled.ts';
import { Events } from './events.ts';
import { Exchange } from './exchange.ts';
import { Gateway } from './gateway.ts';
import { IDENTITY_WARNINGS, identityWarnings } from './identity-warnings.ts';
import { Leases } from './leases.ts';
import { Licenses } from './licenses.ts';
import { listenLocally } from './local-api.ts';
import { adminRoutes, agentRoutes, type LocalServices } from './local-routes.ts';
import { Meter } from './meter.ts';
import { prove } from './proof.ts';
import { RefreshLoop } from './refresh-loop.ts';
import { Refresher } from './refresher.ts';
import type { SendRequests } from './server-client.ts';
import { Service } from './service.ts';
import { socketsIn } from './sockets.ts';
import { removeStaleSocket } from './stale-socket.ts';
import { ensureFolder, stateFiles } from './state-files.ts';
import { AgentStore } from './store/agent-store.ts';
import { TrustedClock } from './trusted-clock.ts';
import type { ClockReading } from './trusted-time.ts';

/** What a daemon needs of the world. */
export interface DaemonParts {
  readonly config: AgentConfig;
  readonly send: SendRequests;
  readonly readClock: () => ClockReading;
  /** From 0 to below 1. */
  readonly random: () => number;
  readonly log: Logger;
}

export interface Daemon {
  readonly service: Service;
  readonly loop: RefreshLoop;
  readonly meter: Meter;
  readonly events: Events;
  readonly sockets: ReturnType<typeof socketsIn>;
  /** Resolves when the contacts with the server that are under way are over. */
  settled(): Promise<void>;
  /** Ends everything, once the contacts under way are over. */
  close(): Promise<void>;
}

/**
 * Puts the daemon together and starts it, from the files up to the sockets.
 *
 * @throws `daemon_running`, `listen_failed`; of its files `key_file_permissions`, `store_newer`,
 * `enrollment_malformed`, `enrollment_other_root` and others
 */
export async function startDaemon({ config, send, readClock, random, log }: DaemonParts): Promise<Daemon> {
  const sockets = socketsIn(config.runtimeDir);
  ensureFolder(config.runtimeDir, 0o755);
  // Before any file is touched: another daemon may own them.
  await removeStaleSocket(sockets.admin);
  await removeStaleSocket(sockets.agent);

  const endings: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of endings.splice(0).toReversed()) await end();
  };
  try {
    const device = await openDevice(config);
    const stored = await readStoredEnrollment(config);
    const store = AgentStore.open(stateFiles(config.stateDir).store, () => readClock().wall, {
      copy: join(config.runtimeDir, 'agent.db.copy'),
    });
    if (store.isCopy)
      log.error({ file: store.file }, 'the disk takes no writes: going on with a copy until the next start');
    endings.push(async () => store.close());
    store.pending.removeEndedCalls();
    const enrolled = stored && enrolledDevice(await underStoredRoots(stored, store, log), device);

    const clock = new TrustedClock(readClock, store.clockMark);
    const persist = () => persistClock(clock, store, log);
    const persisting = setInterval(persist, config.persistIntervalSeconds * 1000);
    endings.push(async () => {
      clearInterval(persisting);
      persist();
    });

    const licenses = new Licenses({ device, enrolled, store, clock, log });
    const refresher = new Refresher({ licenses, send, log });
    const { refreshIntervalSeconds: intervalSeconds, ownLicense: holdsOwn } = config;
    const loop = new RefreshLoop({ licenses, refresher, random, intervalSeconds, holdsOwn, log });
    endings.push(async () => {
      loop.stop();
      await refresher.settled();
    });

    const activateUnder = async (next: Enrolled) => {
      const { own } = licenses;
      const beside = new Licenses({ device, enrolled: next, store, clock, log });
      const refresher = new Refresher({ licenses: beside, send, log });
      const outcome = (await refresher.refresh([own], { purpose: 'activate' })).get(own);
      if (outcome?.kind === 'failure') throw outcome.error;
      if (outcome?.kind === 'denial') throw new LicenseError(outcome.code, { pid: next.subject.pid });
      return beside.requireEnrolled();
    };
    const service = new Service({
      ...{ config, licenses, refresher, loop, activateUnder },
      sessions: (licenseKey) => running(licenseKey),
    });
    const running = (licenseKey: string): number => meter.running(licenseKey);
    const leases = new Leases({ licenses, running, refresher: new Refresher({ licenses, send, log }) });
    const meter = new Meter({
      ...{ licenses, leases },
      check: (licenseKey, media) => service.check(media, licenseKey),
    });
    const status = (licenseKey: string) => service.status(licenseKey);
    const events = new Events({ licenses, status });
    endings.push(async () => events.close());
    const services: LocalServices = {
      ...{ service, meter, events, own: licenses.own, accountActivation: config.accountActivation },
      gateway: new Gateway({ licenses, refresher, loop, status }),
      exchange: new Exchange({ licenses, loop }),
      prove: (licenseKey, nonce) => prove(licenses, licenseKey, nonce),
    };
    for (const server of [
      await listenLocally({ socket: sockets.admin, mode: 0o600, routes: adminRoutes(services), log }),
      await listenLocally({ socket: sockets.agent, mode: 0o660, routes: agentRoutes(services), log }),
    ]) {
      endings.push(() => server.close());
    }

    await loop.start();
    const { state } = await service.status();
    log.info({ state, enrolled: enrolled !== undefined, licenseKey: device.licenseKey.licenseKey }, 'ready');
    if (enrolled === undefined) log.info('waiting for an enrollment: license-agent enroll FILE');
    for (const warning of identityWarnings(device.identity, device.licenseKey))
      log.warn({ warning }, IDENTITY_WARNINGS[warning].en);
    return { service, loop, meter, events, sockets, settled: () => refresher.settled(), close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** A disk that is full or read-only costs the mark its last minute, and no verdict. */
function persistClock(clock: TrustedClock, store: AgentStore, log: Logger): void {
  try {
    clock.time();
    store.saveClockMark(clock.mark);
  } catch (cause) {
    log.error(
      { code: cause instanceof LicenseError ? cause.code : 'internal' },
      'the clock mark was not stored',
    );
  }
}
