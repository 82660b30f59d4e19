import { accessSync, constants } from 'node:fs';
import { LicenseError } from '#core/errors.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import type { AgentStatus } from './client/local-answers.ts';
import { loadAgentConfig } from './config.ts';
import { readDevice } from './device.ts';
import { enrolledDevice, readStoredEnrollment, underStoredRoots } from './enrolled.ts';
import { Licenses } from './licenses.ts';
import { machineClock } from './machine-clock.ts';
import type { CommonOptions, Environment } from './options.ts';
import { stateFiles } from './state-files.ts';
import { emptyStatus, statusOf } from './status.ts';
import { AgentStore } from './store/agent-store.ts';
import { TrustedClock } from './trusted-clock.ts';

/**
 * The status as the files tell it while no daemon runs: read-only, everything verified again, by the persisted
 * clock mark. Source: design, Agent "Starting".
 *
 * @throws `store_unreadable`, `store_damaged`, `store_newer`; as loadAgentConfig, readDevice and
 * readStoredEnrollment
 */
export async function offlineStatus(options: CommonOptions, env: Environment): Promise<AgentStatus> {
  const config = loadAgentConfig(options, env);
  const readClock = machineClock();
  requireReadable(config.stateDir);
  const device = await readDevice(config);
  const stored = await readStoredEnrollment(config);
  const store = AgentStore.openReadonly(stateFiles(config.stateDir).store);
  if (device === undefined || store === undefined) {
    store?.close();
    return emptyStatus(readClock().wall, stored?.enrollment);
  }
  try {
    const enrolled = stored && enrolledDevice(await underStoredRoots(stored, store), device);
    const clock = new TrustedClock(readClock, store.clockMark);
    // Nobody confirms time while no daemon runs: the clock is believed as it is, else a license would never end.
    clock.atLeast(clock.time().now);
    const licenses = new Licenses({ device, enrolled, store, clock });
    return statusOf(await licenses.verdict(), licenses);
  } finally {
    store.close();
  }
}

/** The stateDir is the owner's alone: others learn that they may not look, and nothing false. */
export function requireReadable(stateDir: string): void {
  try {
    accessSync(stateDir, constants.R_OK | constants.X_OK);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return;
    throw new LicenseError('store_unreadable', { file: stateDir, problem: reasonOf(cause) }, { cause });
  }
}
