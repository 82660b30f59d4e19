import { bindFingerprint, type Components, digestComponents } from '#core/device/fingerprint.ts';
import { DENIAL_CODES } from '#core/documents/license-denial.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import { type Evidence, evaluate, usableUntil } from '#core/evaluate.ts';
import { components, DAY, denial, fingerprint, fingerprintKey, license, NOW, sku, token } from './parties.ts';
import type { VectorCase, VectorFile } from './vector-file.ts';

export function usableUntilVectors(): VectorFile {
  const base = { exp: 1000, graceSeconds: 100, expireTime: 2000, expiryGraceSeconds: 30 };
  const until = (name: string, changes: Partial<typeof base>): VectorCase => {
    const input = { ...base, ...changes };
    return { name, ...input, valid: true, usableUntil: usableUntil(input) };
  };
  return {
    description:
      'When a token stops being usable: exp + graceSeconds < expireTime ? exp + graceSeconds : expireTime + expiryGraceSeconds.',
    cases: [
      until('exp and grace end before the license', {}),
      until('grace ends one second before the license', { exp: 1899 }),
      until('grace ends with the license', { exp: 1900 }),
      until('grace would outlive the license', { exp: 1950 }),
      until('the last token', { exp: 2000 }),
      until('the last token has no offline grace', { exp: 2000, graceSeconds: 5000, expiryGraceSeconds: 0 }),
      until('no grace at all', { graceSeconds: 0, expiryGraceSeconds: 0 }),
    ],
  };
}

interface Moment {
  readonly now?: number;
  readonly confirmed?: number;
}

function of(
  name: string,
  claims: Partial<LicenseToken> | undefined,
  { now = NOW, confirmed = now }: Moment = {},
  known: Partial<Evidence> = {},
): VectorCase {
  const evidence: Evidence = {
    ...(claims === undefined ? {} : { token: { ...token, ...claims } }),
    fingerprint,
    ...known,
  };
  const time = { now, confirmed };
  return { name, evidence, time, valid: true, verdict: evaluate(evidence, time) };
}

export function evaluateVectors(): VectorFile {
  return {
    description:
      'May this device do audio or video now? evidence (claims of documents that were verified before, digests of the machine, its own meter) and trusted time (`now` leads at most to grace, only `confirmed` to expired) → verdict: state, reason (license_err_reason_e of the public SDK), since, until, clockUnconfirmed, capabilities.',
    cases: [...times(), ...denials(), ...machines(), ...limits()],
  };
}

function times(): VectorCase[] {
  const end = usableUntil(token);
  const last = { exp: token.expireTime, expiryGraceSeconds: DAY };
  return [
    of('nothing held', undefined),
    of('active', {}),
    of('active with a clock at 1970', {}, { now: 0 }),
    of('active one second before exp', {}, { now: token.exp - 1 }),
    of('grace at exp', {}, { now: token.exp }),
    of('grace one second before the end', {}, { now: end - 1 }),
    of('expired at the end', {}, { now: end }),
    of('expired a year later', {}, { now: end + 365 * DAY }),
    of('grace while only the wall clock is past exp', {}, { now: token.exp, confirmed: NOW }),
    of('grace while only the wall clock is past the end', {}, { now: end, confirmed: NOW }),
    of(
      'grace while only the wall clock is in the year 9999',
      {},
      { now: 253_402_300_799, confirmed: end - 1 },
    ),
    of('the last token in its expiry grace', last, { now: token.expireTime + DAY - 1 }),
    of('the last token after its expiry grace', last, { now: token.expireTime + DAY }),
    of('what is stored could not be verified', undefined, {}, { fault: 'signature_invalid' }),
    of('the token could not be held against its terms', {}, {}, { fault: 'terms_violated' }),
  ];
}

function denials(): VectorCase[] {
  const denied = (code: (typeof DENIAL_CODES)[number]) => ({ denial: { ...denial, iat: NOW + 5, code } });
  return [
    ...DENIAL_CODES.map((code) => of(`denial ${code} beside a token`, {}, {}, denied(code))),
    of('denial released without a token', undefined, {}, denied('released')),
    of('denial quota_exhausted without a token', undefined, {}, denied('quota_exhausted')),
    of(
      'an ending denial stands before a fault',
      {},
      {},
      { ...denied('transferred'), fault: 'signature_invalid' },
    ),
    of('a fault stands before a suspension', {}, {}, { ...denied('suspended'), fault: 'signature_invalid' }),
    of('suspended stands before expired', {}, { now: usableUntil(token) }, denied('suspended')),
  ];
}

function machines(): VectorCase[] {
  const on = (name: string, changes: Components, now = NOW) =>
    of(name, {}, { now }, { fingerprint: digestComponents({ ...components, ...changes }, fingerprintKey) });
  return [
    on('one component of four changed', { diskSerial: ['DISK-0002'] }),
    on('two components of four changed', { diskSerial: ['DISK-0002'], boardSerial: ['BOARD-0002'] }),
    on('one of two network cards changed', { macs: ['02:00:5e:00:53:01', '02:00:5e:00:53:09'] }),
    of('nothing known of the machine', {}, {}, { fingerprint: {} }),
    of('nothing known when the token was made', { fingerprint: bindFingerprint({}, license) }),
    on(
      'different device stands before expired',
      { diskSerial: ['x'], boardSerial: ['x'], macs: ['x'] },
      usableUntil(token),
    ),
  ];
}

function limits(): VectorCase[] {
  const capped = { ...sku, minutes: 100 };
  const minutes = (name: string, allowed: number, own: number, others: number, meteredMinutes: number) =>
    of(name, { sku: allowed ? capped : sku, minutes: { allowed, own, others } }, {}, { meteredMinutes });
  const night = { sku: { ...sku, period: '22:00~06:00' } };
  return [
    of('audio alone', { sku: { ...sku, mediaType: 1 } }),
    of('video alone', { sku: { ...sku, mediaType: 2 } }),
    minutes('unlimited minutes', 0, 1e9, 1e9, 1e9),
    minutes('one minute left', 100, 50, 49, 0),
    minutes('no minute left', 100, 50, 50, 0),
    minutes('the own meter knows more than the server', 100, 0, 40, 60),
    minutes('the own meter is not counted twice', 100, 60, 39, 60),
    minutes('a renewal brought more minutes', 200, 150, 0, 150),
    of('08:00 in Shanghai is outside 22:00~06:00', night),
    of('22:00 in Shanghai is inside', night, { now: NOW + 14 * 3600 }),
    of('06:00 in Shanghai is inside', night, { now: NOW + 22 * 3600 + 59 }),
    of('06:01 in Shanghai is outside', night, { now: NOW + 22 * 3600 + 60 }),
    of('the medium is told before the period', { sku: { ...night.sku, mediaType: 1 } }),
    of('the period is told before the minutes', {
      sku: { ...night.sku, minutes: 1 },
      minutes: { allowed: 1, own: 1, others: 0 },
    }),
  ];
}
