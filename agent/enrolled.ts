import { existsSync } from 'node:fs';
import { digestComponents, type Fingerprint } from '#core/device/fingerprint.ts';
import type { AnswerSubject } from '#core/documents/answer.ts';
import { type Enrollment, parseEnrollment } from '#core/documents/enrollment.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { readTextFile } from '#core/host/files.ts';
import { readSecretFile } from '#core/host/key-file.ts';
import type { VerificationKey } from '#core/keys.ts';
import type { AgentConfig } from './config.ts';
import type { Device } from './device.ts';
import { stateFiles } from './state-files.ts';

/** What an enrollment makes of a device: whom it trusts, and for whom answers must be. */
export interface Enrolled {
  readonly enrollment: Enrollment;
  readonly roots: readonly VerificationKey[];
  readonly subject: AnswerSubject;
  readonly fingerprint: Fingerprint;
}

/** An enrollment, and the vendor root that it was held against. */
export interface PinnedEnrollment {
  readonly enrollment: Enrollment;
  readonly root: VerificationKey;
}

/**
 * An enrollment of unknown origin, held against the pinned vendor root.
 *
 * @param where name of the file, for the message
 * @throws `enrollment_malformed`, `enrollment_other_root`, `file_unreadable`, `vendor_roots_malformed`
 */
export function readEnrollment(
  { vendorRootsFile }: AgentConfig,
  text: string,
  where: string,
): PinnedEnrollment {
  const { root } = parseVendorRoots(readTextFile(vendorRootsFile, 65_536), vendorRootsFile);
  return { enrollment: parseEnrollment(text, root, where), root };
}

/**
 * The enrollment in the stateDir; undefined where there is none.
 *
 * @throws as {@link readEnrollment}; `key_file_permissions`
 */
export function readStoredEnrollment(config: AgentConfig): PinnedEnrollment | undefined {
  const file = stateFiles(config.stateDir).enrollment;
  return existsSync(file) ? readEnrollment(config, readSecretFile(file), file) : undefined;
}

/** What an enrollment makes of this device. */
export function enrolledDevice(
  { enrollment, root }: PinnedEnrollment,
  { key, licenseKey: { licenseKey }, identity }: Device,
): Enrolled {
  const { serverId, cid, appId, pid, fingerprintKey } = enrollment;
  return {
    enrollment,
    roots: [root],
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
