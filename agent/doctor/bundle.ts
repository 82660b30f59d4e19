import { createHmac, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { arch, release, version } from 'node:os';
import { gzipSync } from 'node:zlib';
import { type EpochSeconds, isoTime } from '#core/clock.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { LicenseError } from '#core/errors.ts';
import { VERSION } from '#core/host/version.ts';
import type { Environment } from '../options.ts';
import { stateFiles } from '../state-files.ts';
import type { Circumstances, Or } from './circumstances.ts';
import type { Examination } from './examine.ts';
import { newestLog } from './newest-log.ts';
import { storeFigures } from './store-figures.ts';
import { proxySecrets, withoutSecrets } from './without-secrets.ts';

export interface BundleOptions {
  readonly env: Environment;
  readonly now: EpochSeconds;
  /** Serial numbers and addresses as they are. */
  readonly withIdentity?: boolean | undefined;
}

const PROXY_VARIABLES = ['https_proxy', 'HTTPS_PROXY', 'http_proxy', 'HTTP_PROXY', 'no_proxy', 'NO_PROXY'];

/**
 * A report for whoever helps, JSON in gzip: one file that people read with zcat and programs with what they have. No
 * secret is put into it, and what looks like one is taken out. Serial numbers stand in it as digests under a key of this
 * report alone, so that they can be compared within it and nowhere else; the LicenseKey stays, by which the device goes.
 */
export async function bundleOf(
  { findings, circumstances }: Examination,
  { env, now, withIdentity = false }: BundleOptions,
): Promise<Buffer> {
  const report = {
    version: 1,
    madeAt: isoTime(now),
    agentVersion: VERSION,
    node: process.version,
    system: { arch: arch(), release: release(), version: version(), uid: process.getuid?.() ?? null },
    findings,
    ...(circumstances && partsOf(circumstances)),
    proxies: Object.fromEntries(PROXY_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
    log: await newestLog(),
  };
  const shown = withIdentity || circumstances === undefined ? report : masked(report, circumstances);
  const secrets = [
    ...(circumstances === undefined ? [] : secretsOf(circumstances)),
    // As they stand, and as they stand within JSON.
    ...proxySecrets(env).flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]),
  ];
  return gzipSync(`${withoutSecrets(JSON.stringify(shown, null, 2), secrets)}\n`);
}

function partsOf({ config, status, identity, enrollment, held }: Circumstances): object {
  const pinned = orNull(enrollment);
  return {
    configuration: config,
    status: orCode(status),
    identity: orCode(identity),
    enrollment: pinned && describe(pinned.enrollment),
    held:
      held instanceof LicenseError
        ? { error: held.code }
        : { token: held.token ?? null, denial: held.denial ?? null },
    store: storeFigures(stateFiles(config.stateDir).store) ?? null,
  };
}

/** All but what makes it a secret. */
function describe({
  fingerprintKey: _,
  caCertificate,
  enrollment: { id, expiresAt },
  ...rest
}: Enrollment): object {
  return { ...rest, enrollment: { id, expiresAt }, authority: authorityOf(caCertificate) };
}

function authorityOf(pem: string): object | null {
  if (pem === '') return null;
  try {
    const { subject, validFrom, validTo, fingerprint256 } = new X509Certificate(pem);
    return { subject, validFrom, validTo, sha256: fingerprint256 };
  } catch {
    return { error: 'not a certificate' };
  }
}

/** Every text that must not be in a report, as far as this user may know it. */
function secretsOf({ config, enrollment }: Circumstances): string[] {
  const pinned = orNull(enrollment);
  const { deviceKey } = stateFiles(config.stateDir);
  return [
    ...(pinned ? [pinned.enrollment.fingerprintKey, pinned.enrollment.enrollment.secret] : []),
    ...linesOf(deviceKey).filter((line) => !line.startsWith('-----')),
  ];
}

function linesOf(file: string): string[] {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8').split(/\r?\n/) : [];
  } catch {
    return [];
  }
}

/** Too short to be told from other texts; such a serial number stands in the identity alone. */
const LEAST_MASKED = 6;

/** Digests in the place of what identifies the machine, in the identity and wherever else it stands. */
function masked(report: object, { identity, status }: Circumstances): object {
  if (identity instanceof LicenseError) return report;
  const key = randomBytes(32);
  const digest = (value: string) =>
    `digest:${createHmac('sha256', key).update(value).digest('hex').slice(0, 12)}`;
  const own = status instanceof LicenseError ? undefined : status.licenseKey;
  const macs = [
    ...(identity.components.macs ?? []),
    ...(identity.ignored?.macs ?? []).flatMap(({ value }) => value ?? []),
  ];
  const values = [
    ...Object.values(identity.components).flat(),
    // As they stand, and as a LicenseKey is made of them.
    ...macs.flatMap((mac) => [mac, mac.replaceAll(':', '').toUpperCase()]),
    identity.machineId,
  ].filter((value): value is string => value !== undefined && value !== own);
  const long = values.filter((value) => value.length >= LEAST_MASKED).toSorted((a, b) => b.length - a.length);
  return mapTexts(report, (text) =>
    values.includes(text)
      ? digest(text)
      : long.reduce((rest, value) => rest.replaceAll(value, digest(value)), text),
  ) as object;
}

/** Every text in a value, but the names of members. */
function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, map)]));
}

function orNull<T>(value: Or<T>): T | null {
  return value instanceof LicenseError ? null : value;
}

function orCode<T>(value: Or<T>): T | { readonly error: string } {
  return value instanceof LicenseError ? { error: value.code } : value;
}
