import type { Kysely } from 'kysely';
import type { Terms } from '#core/documents/terms.ts';
import { LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import { identityOf } from './activate.ts';
import type { Verb } from './batch.ts';
import { Concurrency } from './concurrency.ts';
import { pidCaps, pidPool, poolOf } from './concurrency-caps.ts';
import { type Decision, decideRequest } from './decide-request.ts';
import { DeviceLedger } from './device-ledger.ts';
import {
  denialClaims,
  type Issuer,
  leaseClaims,
  type Statement,
  type StatementSubject,
  tokenClaims,
} from './issuer.ts';
import type { Issuing } from './issuing.ts';
import { Moves } from './moves.ts';
import { noteImplausible } from './note-implausible.ts';
import { recordMinutes } from './record-minutes.ts';
import { RenewalLines } from './renewal-lines.ts';
import { type DeviceRequest, type RequestFacts, requestFacts } from './request-facts.ts';
import { runsOf } from './runs-of.ts';
import { seatNewcomers } from './seat-newcomers.ts';
import { purchaseOf, renewalsOf, termsDocuments, termsOf } from './terms.ts';

/** A statement to sign, or why there is none to make. */
export type DeviceOutcome = Statement | { readonly kind: 'rejected'; readonly error: LicenseError };

/**
 * Answers device requests: seats for newcomers first, then each request in order of arrival, then everything is
 * written at once. What changed state is remembered by its jti and answered alike for 90 days. Source: protocol,
 * Identity and "Idempotence and replay".
 */
export function answerRequests(issuer: Issuer): Verb<DeviceRequest, DeviceOutcome> {
  return async (transaction, requests) => {
    const firsts = new Map(requests.toReversed().map((request) => [request.claims.jti, request]));
    const outcomes = new Map<string, DeviceOutcome>();
    for (const run of runsOf([
      ...new Set(requests.map(({ claims }) => firsts.get(claims.jti) as DeviceRequest)),
    ])) {
      const answered = await answerRun(transaction, issuer, run);
      for (const [index, { claims }] of run.entries())
        outcomes.set(claims.jti, answered[index] as DeviceOutcome);
    }
    // One jti has one answer, within a batch as across them, and belongs to one key.
    return requests.map(({ claims: { jti }, jkt }) =>
      firsts.get(jti)?.jkt === jkt
        ? (outcomes.get(jti) as DeviceOutcome)
        : { kind: 'rejected', error: new LicenseError('answer_for_another_device') },
    );
  };
}

async function answerRun(
  transaction: Transaction,
  issuer: Issuer,
  requests: readonly DeviceRequest[],
): Promise<DeviceOutcome[]> {
  const { db, audit } = transaction;
  const facts = await requestFacts(transaction, requests);
  const seating = await seatNewcomers(transaction, requests, facts);
  const ledger = new DeviceLedger(db);
  const moves = await movesOf(transaction, requests, facts);
  const renewals = await RenewalLines.load(db, renewalSubjects(requests, facts));
  const concurrency = await concurrencyOf(transaction, requests, facts);
  const parts = { audit, facts, seating, ledger, renewals, moves, concurrency };
  const decisions: Decision[] = [];
  for (const request of requests) decisions.push(await decideRequest(parts, request));
  const outcomes = await state(transaction, issuer, requests, facts, decisions);

  for (const [index, { claims, jkt }] of requests.entries()) {
    const [decision, outcome] = [decisions[index] as Decision, outcomes[index] as DeviceOutcome];
    if ('changed' in decision && decision.changed && (outcome.kind === 'token' || outcome.kind === 'denial'))
      ledger.remember(claims.jti, jkt, outcome);
  }
  await ledger.store();
  await moves.store();
  await renewals.store();
  await concurrency.store();
  await facts.usage.store();
  await recordMinutes(transaction, facts.usage.added);
  await noteImplausible(transaction, facts.usage.implausible);
  return outcomes;
}

function movesOf(
  { db }: Transaction,
  requests: readonly DeviceRequest[],
  { licenses }: RequestFacts,
): Promise<Moves> {
  const wishes = requests.flatMap(({ claims }) => {
    const license = claims.purpose === 'transfer' ? licenses.get(identityOf(claims)) : undefined;
    const { toLicenseKey } = claims;
    return license === undefined || toLicenseKey === undefined ? [] : { license, toLicenseKey };
  });
  return Moves.load(db, wishes);
}

function concurrencyOf(
  { db, audit }: Transaction,
  requests: readonly DeviceRequest[],
  { licenses }: RequestFacts,
): Promise<Concurrency> {
  const leasing = requests.flatMap(({ claims }) =>
    claims.purpose === 'lease' ? (licenses.get(identityOf(claims)) ?? []) : [],
  );
  return Concurrency.load(db, leasing, audit.wallClock);
}

function renewalSubjects(requests: readonly DeviceRequest[], { companies, renewing }: RequestFacts) {
  return requests.flatMap(({ claims: { purpose, appId, pid, renewId } }) => {
    const cid = companies.get(appId);
    return purpose === 'renew' && cid !== undefined && renewing.has(appId) ? { cid, pid, renewId } : [];
  });
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
  const caps = await capsOf(db, licenses, terms);

  const statement = ({ claims, jkt }: DeviceRequest, decision: Decision): DeviceOutcome => {
    if (decision.kind === 'rejected') return decision;
    const cid = facts.companies.get(claims.appId) ?? '';
    const { now: iat, certificate, certificateFor } = facts.issuing.get(cid) as Issuing;
    if (decision.kind === 'repeat') {
      const { kind, claims: said, terms: ids } = facts.answers.get(decision.jti) as Schema['answer'];
      const repeated = JSON.parse(said);
      return {
        ...{ kind, claims: repeated, terms: proofs(JSON.parse(ids)) },
        certificate: certificateFor(repeated.iat),
      } as Statement;
    }
    const subject: StatementSubject = { request: claims, jkt, cid, iat };
    if (decision.kind === 'denial') {
      return {
        kind: 'denial',
        certificate,
        claims: denialClaims(issuer, subject, decision.code, decision.license),
        terms: [],
      };
    }
    if (decision.kind === 'lease') {
      const claims = leaseClaims(issuer, subject, decision.license, decision.leased);
      return { kind: 'lease', certificate, claims, terms: [] };
    }
    const { license } = decision;
    const line = purchaseOf(terms, license.terms_id);
    return {
      kind: 'token',
      certificate,
      claims: tokenClaims(issuer, subject, license, line, {
        used: facts.usage.minutesOf(license.license, claims.usage),
        caps: [caps.get(pidPool(license.cid, license.pid)), facts.concurrency.get(license.app_id)],
      }),
      terms: proofs(termsIdsOf(license)),
    };
  };

  return requests.map((request, index) => statement(request, decisions[index] as Decision));
}

/** Caps of the PIDs of some licenses. A license whose own line has none is under none, and costs no query. */
async function capsOf(
  db: Kysely<Schema>,
  licenses: readonly LicenseTable[],
  terms: ReadonlyMap<string, Terms>,
): Promise<Map<string, number>> {
  const capped = licenses.filter(({ terms_id }) => purchaseOf(terms, terms_id).pcu !== undefined);
  const caps = await pidCaps(
    db,
    capped.map(({ pid }) => pid),
  );
  return new Map(caps.map((each) => [poolOf(each), each.cap]));
}

function termsIdsOf(license: LicenseTable): string[] {
  return [license.terms_id, ...renewalsOf(license).map(({ termsId }) => termsId)];
}
