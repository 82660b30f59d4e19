import type { DenialCode } from '#core/documents/license-denial.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import { LicenseError } from '#core/errors.ts';
import type { AuditTrail } from '../store/audit.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { identityOf } from './activate.ts';
import { type Binding, bindingOf, bindLicense, isAskedFor } from './bind.ts';
import { changeByDevice } from './change-by-device.ts';
import type { Concurrency, Leased } from './concurrency.ts';
import type { DeviceLedger } from './device-ledger.ts';
import type { Moves } from './moves.ts';
import { provenEnrollment } from './recognise.ts';
import type { RenewalLines } from './renewal-lines.ts';
import { type DeviceRequest, departedLicense, pairOf, type RequestFacts } from './request-facts.ts';
import type { Seating } from './seat-newcomers.ts';

/** `changed`: the store remembers the answer, so that a retry or a replay gets it again and does nothing. */
export type Decision =
  /** The license as it is then: later requests of the run may change it, and a token of before a move is no other's. */
  | { readonly kind: 'token'; readonly license: LicenseTable; readonly changed: boolean }
  | {
      readonly kind: 'denial';
      readonly code: DenialCode;
      /** License value; said only to a key that holds or held it. */
      readonly license?: string;
      readonly changed?: boolean;
    }
  /** Sessions at the same time; nothing is remembered, since asking again does no harm. */
  | { readonly kind: 'lease'; readonly license: string; readonly leased: Leased }
  | { readonly kind: 'repeat'; readonly jti: string }
  | { readonly kind: 'rejected'; readonly error: LicenseError };

/** What the requests of a run are decided by and written with. */
export interface Deciding {
  readonly audit: AuditTrail;
  readonly facts: RequestFacts;
  readonly seating: Seating;
  readonly ledger: DeviceLedger;
  readonly renewals: RenewalLines;
  readonly moves: Moves;
  readonly concurrency: Concurrency;
}

/** The checks of one request, in order. Source: protocol, Identity and "Idempotence and replay". */
export async function decideRequest(parts: Deciding, request: DeviceRequest): Promise<Decision> {
  const { facts, seating, ledger } = parts;
  const { claims, jkt } = request;
  const cid = facts.companies.get(claims.appId);
  if (cid === undefined) return rejected(new LicenseError('unknown_app', { appId: claims.appId }));
  const issuing = facts.issuing.get(cid);
  if (issuing === undefined || issuing instanceof LicenseError) {
    return rejected(issuing ?? new LicenseError('unknown_app', { appId: claims.appId }));
  }
  const { now } = issuing;

  const license = facts.licenses.get(identityOf(claims));
  const departed = departedLicense(facts, request);
  const answer = facts.answers.get(claims.jti);
  if (answer !== undefined) {
    if (answer.jkt !== jkt) return rejected(new LicenseError('answer_for_another_device'));
    return lostSince(answer, license, departed) ?? { kind: 'repeat', jti: claims.jti };
  }

  if (license === undefined) return decideWithout(request, seating, departed);

  const proven = provenEnrollment(claims, jkt, facts.enrollments, now) !== undefined;
  const pair = pairOf(jkt, license.license);
  const known = facts.bound.get(pair);
  const binding = bindingOf(license, claims, jkt, { proven, known }, now);
  if (binding.outcome === 'stranger' || binding.outcome === 'denied') {
    // Another license has its LicenseKey by now; the one that this key held was moved away. A person who asks for the
    // other one is told of that.
    const isAboutOther = binding.outcome === 'denied' && isAskedFor(claims);
    if (departed !== undefined && known === undefined && !isAboutOther) return transferred(departed);
    if (binding.outcome === 'stranger') return rejected(new LicenseError('enrollment_rejected'));
    return known === undefined
      ? { kind: 'denial', code: binding.code }
      : { kind: 'denial', code: binding.code, license: license.license };
  }
  const { purpose } = claims;
  // Leases are asked for beside all else, and may overtake it.
  if (binding.outcome === 'held' && purpose !== 'lease')
    ledger.see(jkt, license.license, claims.counter, now);
  if (purpose === 'release' || purpose === 'transfer' || purpose === 'renew') {
    // Only the key that holds a license may change it: an enrollment proof is in many hands.
    return binding.outcome === 'held'
      ? changeByDevice(parts, request, license, now)
      : rejected(new LicenseError('enrollment_rejected'));
  }
  if (purpose === 'lease')
    return binding.outcome === 'held'
      ? decideLease(parts, request, license, now)
      : rejected(new LicenseError('enrollment_rejected'));
  return decideContact(parts, request, license, binding, now);
}

/** Why a token that was given is not given again: what happened to its license since. */
function lostSince(
  { kind, jkt, claims }: Schema['answer'],
  license: LicenseTable | undefined,
  departed: string | undefined,
): Decision | undefined {
  if (kind !== 'token') return undefined;
  const { license: given }: LicenseToken = JSON.parse(claims);
  const isThis = license?.license === given;
  if (isThis && license.device_jkt === jkt)
    return license.state === 'active' ? undefined : { kind: 'denial', code: license.state, license: given };
  if (departed !== undefined) return transferred(departed);
  return { kind: 'denial', code: isThis ? 'different_device' : 'unknown_license', license: given };
}

/** Sessions of a license that may be used. Source: contract, Rules "PCU limit". */
function decideLease(
  { concurrency }: Deciding,
  { claims: { sessions = 0, counter }, jkt }: DeviceRequest,
  license: LicenseTable,
  now: number,
): Decision {
  const denied = (code: DenialCode): Decision => ({ kind: 'denial', code, license: license.license });
  if (license.state !== 'active') return denied(license.state);
  if (now >= license.expire_time) return denied('license_expired');
  const leased = concurrency.lease(license, { sessions, jkt, counter }, now);
  return leased === undefined
    ? denied('concurrency_exhausted')
    : { kind: 'lease', license: license.license, leased };
}

/** A LicenseKey without a license, and none that could be seated. */
function decideWithout(
  { claims }: DeviceRequest,
  { refusals }: Seating,
  departed: string | undefined,
): Decision {
  const refusal = claims.purpose === 'activate' ? refusals.get(identityOf(claims)) : 'unknown_license';
  if (departed !== undefined && (!isAskedFor(claims) || refusal === undefined)) return transferred(departed);
  return refusal === undefined
    ? rejected(new LicenseError('enrollment_rejected'))
    : { kind: 'denial', code: refusal };
}

/** An activation or refresh by the key that holds the license, or that comes to hold it now. */
async function decideContact(
  { audit, facts, seating, ledger }: Deciding,
  request: DeviceRequest,
  license: LicenseTable,
  { outcome }: Binding,
  now: number,
): Promise<Decision> {
  const { claims, jkt, from } = request;
  const { cid, app_id: appId, pid, license_key: licenseKey } = license;
  const record = (action: string) =>
    audit.append(cid, {
      actor: `device:${jkt}`,
      from,
      action,
      subject: license.license,
      detail: { appId, pid, licenseKey },
    });
  const denied = (code: DenialCode): Decision => ({ kind: 'denial', code, license: license.license });

  const resumes = license.state === 'released' && isAskedFor(claims);
  if (license.state !== 'active' && !resumes) return denied(license.state);
  if (claims.purpose === 'activate' && now >= license.expire_time) return denied('license_expired');
  if (resumes) {
    license.state = 'active';
    await record('license.resume');
  }
  const pair = pairOf(jkt, license.license);
  if (outcome === 'bound') await record('license.bind');
  if (outcome === 'rebound') await record('license.rebind');
  if (outcome !== 'held') {
    ledger.see(jkt, license.license, claims.counter, now);
    if (facts.bound.get(pair) === 'replaced') ledger.restore(jkt, license.license);
    facts.bound.set(pair, 'known');
  }
  bindLicense(license, { outcome } as Binding, claims, jkt, now);
  facts.usage.report(license, claims.usage, now);
  ledger.touch(license);
  // What a person asked for is remembered even where it changed nothing: replayed after a release it would resume.
  const changed = outcome !== 'held' || seating.newcomers.has(request) || isAskedFor(claims);
  return { kind: 'token', license: { ...license }, changed };
}

function transferred(license: string): Decision {
  return { kind: 'denial', code: 'transferred', license };
}

function rejected(error: LicenseError): Decision {
  return { kind: 'rejected', error };
}
