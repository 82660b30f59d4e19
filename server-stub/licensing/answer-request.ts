import type { DenialCode } from '#core/documents/license-denial.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import type { LicenseTable } from '../store/schema.ts';
import { identityOf } from './activate.ts';
import type { Verb } from './batch.ts';
import { bindingOf, bindLicense } from './bind.ts';
import { DeviceLedger } from './device-ledger.ts';
import { denialClaims, type Issuer, type Statement, type StatementSubject, tokenClaims } from './issuer.ts';
import type { Issuing } from './issuing.ts';
import { provenEnrollment } from './recognise.ts';
import { boundPair, type DeviceRequest, type RequestFacts, requestFacts } from './request-facts.ts';
import { type Seating, seatNewcomers } from './seat-newcomers.ts';
import { purchaseOf, renewalsOf, termsDocuments, termsOf } from './terms.ts';

/** A statement to sign, or why there is none to make. */
export type DeviceOutcome = Statement | { readonly kind: 'rejected'; readonly error: LicenseError };

type Decision =
  /** `changed`: the store remembers the answer, so that a retry gets it again. */
  | { readonly kind: 'token'; readonly license: LicenseTable; readonly changed: boolean }
  | { readonly kind: 'denial'; readonly code: DenialCode; readonly license?: LicenseTable }
  | { readonly kind: 'repeat'; readonly jti: string }
  | { readonly kind: 'rejected'; readonly error: LicenseError };

/**
 * Answers device requests: seats for newcomers first, then each request in order of arrival, then everything is
 * written at once. What changed state is remembered by its jti and answered alike for 90 days. Source: protocol,
 * Identity and "Idempotence and replay".
 */
export function answerRequests(issuer: Issuer): Verb<DeviceRequest, DeviceOutcome> {
  return async (transaction, requests) => {
    const firsts = new Map(requests.toReversed().map((request) => [request.claims.jti, request]));
    const distinct = [...firsts.values()];
    const facts = await requestFacts(transaction, distinct);
    const seating = await seatNewcomers(transaction, distinct, facts);
    const ledger = new DeviceLedger(transaction.db);
    const decisions: Decision[] = [];
    for (const request of distinct)
      decisions.push(await decide(transaction, request, facts, seating, ledger));
    const stated = await state(transaction, issuer, distinct, facts, decisions);

    const outcomes = new Map<string, DeviceOutcome>();
    for (const [index, { claims, jkt }] of distinct.entries()) {
      const [decision, outcome] = [decisions[index] as Decision, stated[index] as DeviceOutcome];
      outcomes.set(claims.jti, outcome);
      if (decision.kind === 'token' && decision.changed && outcome.kind === 'token') {
        ledger.remember(claims.jti, jkt, outcome);
      }
    }
    await ledger.store();
    // One jti has one answer, within a batch as across them, and belongs to one key.
    return requests.map(({ claims: { jti }, jkt }) =>
      firsts.get(jti)?.jkt === jkt
        ? (outcomes.get(jti) as DeviceOutcome)
        : { kind: 'rejected', error: new LicenseError('answer_for_another_device') },
    );
  };
}

/** The checks of one request, in order. */
async function decide(
  { audit }: Transaction,
  request: DeviceRequest,
  facts: RequestFacts,
  { newcomers, refusals }: Seating,
  ledger: DeviceLedger,
): Promise<Decision> {
  const { claims, jkt } = request;
  const cid = facts.companies.get(claims.appId);
  if (cid === undefined) return rejected(new LicenseError('unknown_app', { appId: claims.appId }));
  const issuing = facts.issuing.get(cid);
  if (issuing === undefined || issuing instanceof LicenseError) {
    return rejected(issuing ?? new LicenseError('unknown_app', { appId: claims.appId }));
  }

  const answer = facts.answers.get(claims.jti);
  if (answer !== undefined) {
    return answer.jkt === jkt
      ? { kind: 'repeat', jti: claims.jti }
      : rejected(new LicenseError('answer_for_another_device'));
  }
  if (claims.purpose === 'renew') return { kind: 'denial', code: 'renewal_refused' };
  if (claims.purpose === 'transfer') return { kind: 'denial', code: 'transfer_refused' };
  if (claims.purpose === 'release') {
    const problem = {
      en: 'a license is released by the operator of the server',
      zh: '许可证由服务器管理员释放',
    };
    return rejected(new LicenseError('parameter_invalid', { name: 'purpose', problem }));
  }

  const license = facts.licenses.get(identityOf(claims));
  const refusal = claims.purpose === 'refresh' ? 'unknown_license' : refusals.get(identityOf(claims));
  if (license === undefined) {
    return refusal === undefined
      ? rejected(new LicenseError('enrollment_rejected'))
      : { kind: 'denial', code: refusal };
  }

  const { now } = issuing;
  const proven = provenEnrollment(claims, jkt, facts.enrollments, now) !== undefined;
  const binding = bindingOf(license, claims, jkt, proven, now);
  if (binding.outcome === 'stranger') return rejected(new LicenseError('enrollment_rejected'));
  if (binding.outcome === 'denied') {
    // Which license it is, is said only to a key that once held it.
    const known = facts.bound.has(boundPair(jkt, license.license));
    return known ? { kind: 'denial', code: binding.code, license } : { kind: 'denial', code: binding.code };
  }

  const detail = { licenseKey: license.license_key };
  const record = (action: string) =>
    audit.append(cid, { actor: `device:${jkt}`, action, subject: license.license, detail });
  if (license.state === 'released' && claims.purpose === 'activate' && !claims.automatic) {
    license.state = 'active';
    await record('license.resume');
  }
  ledger.see(jkt, license.license, claims.counter, now);
  if (license.state !== 'active') return { kind: 'denial', code: license.state, license };
  if (claims.purpose === 'activate' && now >= license.expire_time) {
    return { kind: 'denial', code: 'license_expired', license };
  }
  if (binding.outcome === 'bound') await record('license.bind');
  if (binding.outcome === 'rebound') await record('license.rebind');
  bindLicense(license, binding, claims, jkt, now);
  ledger.touch(license);
  return { kind: 'token', license, changed: binding.outcome !== 'held' || newcomers.has(request) };
}

/** Makes statements of decisions, with certificate and terms documents, which are read for all at once. */
async function state(
  { db }: Transaction,
  issuer: Issuer,
  requests: readonly DeviceRequest[],
  facts: RequestFacts,
  decisions: readonly Decision[],
): Promise<DeviceOutcome[]> {
  const licenses = decisions.flatMap((decision) => (decision.kind === 'token' ? decision.license : []));
  const terms = await termsOf(db, licenses);
  const documents = await termsDocuments(db, [
    ...licenses.flatMap(termsIdsOf),
    ...[...facts.answers.values()].flatMap(({ terms: ids }) => JSON.parse(ids)),
  ]);
  const proofs = (ids: readonly string[]) => ids.map((id) => documents.get(id) ?? '');

  const statement = ({ claims, jkt }: DeviceRequest, decision: Decision): DeviceOutcome => {
    if (decision.kind === 'rejected') return decision;
    const cid = facts.companies.get(claims.appId) ?? '';
    const { now: iat, certificate } = facts.issuing.get(cid) as Issuing;
    if (decision.kind === 'repeat') {
      const answer = facts.answers.get(decision.jti);
      return {
        kind: 'token',
        certificate,
        claims: JSON.parse(answer?.claims ?? ''),
        terms: proofs(JSON.parse(answer?.terms ?? '')),
      };
    }
    const subject: StatementSubject = { request: claims, jkt, cid, iat };
    if (decision.kind === 'denial') {
      return {
        kind: 'denial',
        certificate,
        claims: denialClaims(issuer, subject, decision.code, decision.license?.license),
        terms: [],
      };
    }
    const { license } = decision;
    const line = purchaseOf(terms, license.terms_id);
    return {
      kind: 'token',
      certificate,
      claims: tokenClaims(issuer, subject, license, line),
      terms: proofs(termsIdsOf(license)),
    };
  };

  return requests.map((request, index) => statement(request, decisions[index] as Decision));
}

function termsIdsOf(license: LicenseTable): string[] {
  return [license.terms_id, ...renewalsOf(license).map(({ termsId }) => termsId)];
}

function rejected(error: LicenseError): Decision {
  return { kind: 'rejected', error };
}
