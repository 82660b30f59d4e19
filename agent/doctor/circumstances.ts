import type { EpochSeconds } from '#core/clock.ts';
import type { PinnedEnrollment } from '#core/documents/enrollment.ts';
import { asLicenseError, LicenseError } from '#core/errors.ts';
import type { AgentStatus } from '../client/local-answers.ts';
import { LicenseClient } from '../client.ts';
import type { AgentConfig } from '../config.ts';
import { type Device, identityOf, readDevice } from '../device.ts';
import { enrolledDevice, readStoredEnrollment, underStoredRoots } from '../enrolled.ts';
import { type HeldLicense, verifyHeld } from '../held-license.ts';
import type { Identity } from '../identity.ts';
import { offlineStatus, requireReadable } from '../offline-status.ts';
import { type CommonOptions, configFileOf, type Environment } from '../options.ts';
import { socketsIn } from '../sockets.ts';
import { stateFiles } from '../state-files.ts';
import { AgentStore } from '../store/agent-store.ts';

/** A value, or why there is none. */
export type Or<T> = T | LicenseError;

/** What is known of a device before it is judged; everything that could not be had is an error in its place. */
export interface Circumstances {
  readonly config: AgentConfig;
  /** Undefined where all is by default. */
  readonly configFile: string | undefined;
  readonly env: Environment;
  /** The wall clock. */
  readonly now: EpochSeconds;
  /** Where the system's files stand. */
  readonly root: string;
  readonly identity: Or<Identity>;
  /** What the daemon says. */
  readonly running: Or<AgentStatus>;
  /** What the daemon says, else what its files say. */
  readonly status: Or<AgentStatus>;
  readonly enrollment: Or<PinnedEnrollment | undefined>;
  readonly device: Or<Device | undefined>;
  /** What the store holds for the device itself, verified here and not by the daemon. */
  readonly held: Or<HeldLicense>;
}

export interface CircumstancesOptions {
  readonly config: AgentConfig;
  readonly options: CommonOptions;
  readonly env: Environment;
  readonly now: EpochSeconds;
  readonly root?: string;
}

/** Gathers what there is, by reading alone. */
export async function circumstancesOf({
  config,
  options,
  env,
  now,
  root = '/',
}: CircumstancesOptions): Promise<Circumstances> {
  const running = await orError(() =>
    new LicenseClient({ socket: socketsIn(config.runtimeDir).agent }).status(),
  );
  const status = running instanceof LicenseError ? await orError(() => offlineStatus(options, env)) : running;
  const identity = await orError(() => identityOf(config));
  // What lies in a folder that may not be looked into seems not to be there.
  const readable = <T>(read: () => T | Promise<T>) =>
    orError(() => {
      requireReadable(config.stateDir);
      return read();
    });
  const enrollment = await readable(() => readStoredEnrollment(config));
  const device = await readable(() => readDevice(config));
  const held = await readable(() => readHeld(config, device, enrollment));
  const configFile = configFileOf(options);
  return { config, configFile, env, now, root, identity, running, status, enrollment, device, held };
}

async function readHeld(
  config: AgentConfig,
  device: Or<Device | undefined>,
  pinned: Or<PinnedEnrollment | undefined>,
): Promise<HeldLicense> {
  if (device instanceof LicenseError) throw device;
  if (pinned instanceof LicenseError) throw pinned;
  if (device === undefined || pinned === undefined) return {};
  const store = AgentStore.openReadonly(stateFiles(config.stateDir).store);
  try {
    if (store === undefined) return {};
    const { subject, roots } = enrolledDevice(await underStoredRoots(pinned, store), device);
    const row = store.licenses.read(subject);
    return row === undefined ? {} : await verifyHeld(row, subject, roots.all);
  } finally {
    store?.close();
  }
}

async function orError<T>(work: () => T | Promise<T>): Promise<Or<T>> {
  try {
    return await work();
  } catch (thrown) {
    return asLicenseError(thrown);
  }
}

/** Whether it is this user who may not, and a more powerful one might. */
export function isForbidden(error: LicenseError): boolean {
  return error.code === 'store_unreadable' || error.code === 'socket_forbidden';
}
