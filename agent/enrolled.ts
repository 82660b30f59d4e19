import { existsSync } from 'node:fs';
import { digestComponents, type Fingerprint } from '#core/device/fingerprint.ts';
import type { AnswerSubject } from '#core/documents/answer.ts';
import { type Enrollment, type PinnedEnrollment, parseEnrollment } from '#core/documents/enrollment.ts';
import { adoptSuccession, type KnownRoots } from '#core/documents/root-succession.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { LicenseError } from '#core/errors.ts';
import { readTextFile } from '#core/host/files.ts';
import { readSecretFile } from '#core/host/key-file.ts';
import type { Logger } from '#core/host/log.ts';
import type { AgentConfig } from './config.ts';
import type { Device } from './device.ts';
import { stateFiles } from './state-files.ts';
import type { AgentStore } from './store/agent-store.ts';

/** What an enrollment makes of a device: whom it trusts, and for whom answers must be. */
export interface Enrolled {
  readonly enrollment: Enrollment;
  readonly roots: KnownRoots;
  readonly subject: AnswerSubject;
  readonly fingerprint: Fingerprint;
}

/**
 * An enrollment of unknown origin, held against the pinned vendor root.
 *
 * @param where name of the file, for the message
 * @throws `file_unreadable`, `vendor_roots_malformed`; as parseEnrollment
 */
export async function readEnrollment(
  { vendorRootsFile }: AgentConfig,
  text: string,
  where: string,
): Promise<PinnedEnrollment> {
  const pinned = parseVendorRoots(readTextFile(vendorRootsFile, 65_536), vendorRootsFile);
  return parseEnrollment(text, pinned, where);
}

/**
 * The enrollment in the stateDir; undefined where there is none.
 *
 * @throws as {@link readEnrollment}; `key_file_permissions`
 */
export async function readStoredEnrollment(config: AgentConfig): Promise<PinnedEnrollment | undefined> {
  const file = stateFiles(config.stateDir).enrollment;
  return existsSync(file) ? readEnrollment(config, readSecretFile(file), file) : undefined;
}

/**
 * The enrollment under the newest roots that the store remembers. The disk is not trusted: from the first succession
 * that does not hold they are passed over, and come again with the next answer.
 */
export async function underStoredRoots(
  pinned: PinnedEnrollment,
  store: AgentStore,
  log?: Logger,
): Promise<PinnedEnrollment> {
  const chain = store.rootSuccession;
  let { roots } = pinned;
  try {
    for (let length = 1; length <= chain.length; length += 1)
      roots = await adoptSuccession(roots, chain.slice(0, length));
  } catch (thrown) {
    if (!(thrown instanceof LicenseError)) throw thrown;
    log?.warn({ code: thrown.code }, 'the stored root succession does not hold; going on without its rest');
  }
  return { ...pinned, roots };
}

/** What an enrollment makes of this device. */
export function enrolledDevice(
  { enrollment, roots }: PinnedEnrollment,
  { key, licenseKey: { licenseKey }, identity }: Device,
): Enrolled {
  const { serverId, cid, appId, pid, fingerprintKey } = enrollment;
  return {
    enrollment,
    roots,
    subject: { serverId, cid, appId, pid, licenseKey, jkt: key.thumbprint },
    fingerprint: digestComponents(identity.components, fingerprintKey),
  };
}

/** For whom an answer must be: this device itself, or one that it holds a license for. */
export function subjectOf({ subject }: Enrolled, licenseKey: string): AnswerSubject {
  return { ...subject, licenseKey };
}

/** Whether two enrollments are for the same license: what is held under one is held under the other. */
export function isSameIssuer(one: Enrollment, other: Enrollment): boolean {
  return (['serverId', 'cid', 'appId', 'pid'] as const).every((part) => one[part] === other[part]);
}
