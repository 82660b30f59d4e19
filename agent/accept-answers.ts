import type { EpochSeconds } from '#core/clock.ts';
import { Answer, claimsOf, nonceOf, type VerifiedAnswer, verifyNewAnswer } from '#core/documents/answer.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { isEnding, type LicenseDenial } from '#core/documents/license-denial.ts';
import { adoptSuccession, type KnownRoots, rootVersionOf } from '#core/documents/root-succession.ts';
import { asLicenseError, isStoreFault, LicenseError } from '#core/errors.ts';
import { parseShape } from '#core/shapes.ts';
import { type Enrolled, subjectOf } from './enrolled.ts';
import type { HeldLicense } from './held-license.ts';
import type { HeldLicenses } from './held-licenses.ts';
import type { AcceptedChange, AgentStore } from './store/agent-store.ts';
import { type Channel, type LicenseRow, type PendingRequest, REQUEST_SECONDS } from './store/schema.ts';
import type { TrustedClock } from './trusted-clock.ts';
import type { SignedTime } from './trusted-time.ts';
import { departureOf } from './wish.ts';

/** An answer of unknown origin. */
export interface Arrived {
  readonly answer: unknown;
  /** The request that was just sent, where the answer came with the call. */
  readonly jti?: string;
}

export interface Accepted {
  readonly request: PendingRequest;
  readonly verified: VerifiedAnswer;
}

export interface AcceptParts {
  readonly enrolled: Enrolled;
  readonly store: AgentStore;
  readonly clock: TrustedClock;
  readonly held: HeldLicenses;
  /** Takes vendor roots in where they are newer than those that are known; gives the enrollment under the newest. */
  readonly adopt: (roots: KnownRoots) => Enrolled;
}

/** How new a certificate is: one under a newer root is newer whatever its serial, which the thief of a root may choose. */
interface Issued {
  readonly certificate: string;
  readonly rootVersion: number;
  readonly serial: number;
}

interface Believed extends Accepted {
  readonly issued: Issued;
  readonly roots: KnownRoots;
  readonly change: AcceptedChange;
  readonly signed: SignedTime & { readonly forwardOnly: boolean };
}

/**
 * Accepts answers, each by itself, or refuses it and leaves everything as it was; what is accepted is stored in one
 * transaction. Source: protocol, Trust, Time and "What ends a license on a device".
 *
 * @returns per answer what was accepted, or why not: as verifyNewAnswer; `root_succession_invalid`, `answer_unexpected`,
 * `issuer_serial_old`, `answer_stale`, `answer_for_another_license`
 * @throws of the store
 */
export async function acceptAnswers(
  parts: AcceptParts,
  arrived: readonly Arrived[],
  channel: Channel,
): Promise<(Accepted | LicenseError)[]> {
  const { enrolled, store, clock, held, adopt } = parts;
  const outcomes: (Believed | LicenseError)[] = [];
  const highest = await highestIssued(parts);
  /** When what was believed of each license before it was signed: answers that come together are held against each other. */
  const believedAt = new Map<string, EpochSeconds>();
  for (const each of arrived) {
    try {
      const one = await believe(parts, each, channel, { highest, believedAt });
      believedAt.set(one.request.licenseKey, one.signed.iat);
      outcomes.push(one);
    } catch (thrown) {
      if (isStoreFault(thrown)) throw thrown;
      outcomes.push(asLicenseError(thrown));
    }
  }
  const believed = outcomes.filter((outcome): outcome is Believed => !(outcome instanceof LicenseError));
  if (believed.length > 0) {
    const mark = clock.adopting(believed.map(({ signed }) => signed));
    const newest = believed.map(({ issued }) => issued).reduce(newerOf, highest);
    // What is known of the roots was verified, while the disk may have lost it, or another road led further meanwhile.
    const under = adopt(believed.map(({ roots }) => roots).reduce(longerOf));
    store.accept({
      serverId: enrolled.subject.serverId,
      certificate: newest.certificate,
      serial: newest.serial,
      mark,
      rootSuccession: under.roots.rootSuccession,
      answers: believed.map(({ change }) => change),
    });
    clock.hold(mark);
    // It was verified just now: whoever asks next need not do it again.
    for (const { request, verified, change } of believed)
      if (verified.kind === 'token' && change.held)
        held.remember(under, request.licenseKey, change.held, verified.token);
  }
  return outcomes;
}

/**
 * The newest certificate that this server was seen to have, by its own word: the disk is not trusted. Source: protocol,
 * Trust.
 */
async function highestIssued({ enrolled: { subject, roots }, store }: AcceptParts): Promise<Issued> {
  const { serverId, cid } = subject;
  const certificate = store.highestCertificate(serverId) ?? '';
  try {
    const claims = await issuerCertificateDocument.verify(certificate, roots.all);
    if (claims.sub === serverId && claims.cid === cid) return issuedBy(certificate, roots);
  } catch (thrown) {
    if (!(thrown instanceof LicenseError)) throw thrown;
  }
  return { certificate: '', rootVersion: 0, serial: 0 };
}

/** @param certificate verified under one of the roots */
function issuedBy(certificate: string, roots: KnownRoots): Issued {
  const { kid, claims } = issuerCertificateDocument.parse(certificate);
  return { certificate, rootVersion: rootVersionOf(kid, roots) ?? 0, serial: claims.serial };
}

function newerOf(one: Issued, other: Issued): Issued {
  return isOlder(one, other) ? other : one;
}

function isOlder(one: Issued, other: Issued): boolean {
  return one.rootVersion === other.rootVersion
    ? one.serial < other.serial
    : one.rootVersion < other.rootVersion;
}

function longerOf(one: KnownRoots, other: KnownRoots): KnownRoots {
  return other.all.length > one.all.length ? other : one;
}

async function believe(
  { enrolled, store, clock, held: heldLicenses }: AcceptParts,
  { answer: input, jti }: Arrived,
  channel: Channel,
  { highest, believedAt }: { highest: Issued; believedAt: ReadonlyMap<string, EpochSeconds> },
): Promise<Believed> {
  const answer = parseShape(Answer, input, 'document_malformed', 'answer');
  const request = requestOf({ enrolled, store, clock }, answer, channel);
  // Which license it is about is what was asked for; an answer that says otherwise is refused by what follows.
  const licenseKey = request?.licenseKey ?? enrolled.subject.licenseKey;
  const roots = await adoptSuccession(enrolled.roots, answer.rootSuccession ?? []);
  const verified = await verifyNewAnswer(answer, subjectOf(enrolled, licenseKey), roots);
  const { nonce, iat } = claimsOf(verified);
  if (request === undefined || request.jti !== nonce || (jti !== undefined && jti !== nonce))
    throw new LicenseError('answer_unexpected');

  const issued = issuedBy(answer.issuerCertificate, roots);
  if (isOlder(issued, highest))
    throw new LicenseError('issuer_serial_old', { serial: issued.serial, highest: highest.serial });
  const held = await heldLicenses.held(enrolled, licenseKey);
  // A file may have been kept back: neither an older token nor, worse, one that was signed before the license was given
  // up or taken away comes after what is known since.
  const known = Math.max(held.token?.iat ?? 0, held.denial?.iat ?? 0, believedAt.get(licenseKey) ?? 0);
  if (channel === 'file' && iat < known) throw new LicenseError('answer_stale');

  const text = JSON.stringify({
    document: answer.document,
    issuerCertificate: answer.issuerCertificate,
    terms: answer.terms,
  });
  const row = rowAfter(verified, text, held);
  // Only a token that takes the place of the held one may bring an earlier time: a server that signed for the future
  // and then answers something else, day by day, would otherwise hold that token's time still.
  const keepsToken = held.token !== undefined && verified.kind !== 'token' && row?.answer !== null;
  const isGone =
    held.departed !== undefined && row?.denial != null && licenseKey !== enrolled.subject.licenseKey;
  const { appId, pid } = request;
  return {
    request,
    verified,
    roots,
    issued,
    change: {
      id: { appId, pid, licenseKey },
      jti: nonce,
      held: row,
      isGone,
      minutes: verified.kind === 'token' ? verified.token.minutes.own : 0,
    },
    signed: { iat, request, forwardOnly: keepsToken },
  };
}

/**
 * The request that an answer names, not verified yet, while it waits. One that gives a license up may be answered by
 * either road: it is made online again while its file is under way.
 */
function requestOf(
  { enrolled: { subject }, store, clock }: Pick<AcceptParts, 'enrolled' | 'store' | 'clock'>,
  answer: Answer,
  channel: Channel,
): PendingRequest | undefined {
  const request = store.pending.find(nonceOf(answer));
  if (request?.appId !== subject.appId || request.pid !== subject.pid) return undefined;
  if (clock.time().confirmed - request.madeAt > REQUEST_SECONDS) return undefined;
  const isDeparture = departureOf(request.purpose) !== undefined;
  return request.channel === channel || isDeparture ? request : undefined;
}

/** What is held from now on; undefined where that does not change. */
function rowAfter(verified: VerifiedAnswer, text: string, held: HeldLicense): LicenseRow | undefined {
  switch (verified.kind) {
    case 'token':
      return { answer: text, denial: null, departed: null };
    case 'denial':
      return rowAfterDenial(verified.denial, text, held);
    case 'lease':
      return undefined;
  }
}

/**
 * The row after a denial; undefined where it concerns the request alone. An ended token is deleted; where none is
 * held the denial still says why nothing is. Whoever may not leave holds nothing, and asks for its license again.
 */
function rowAfterDenial(denial: LicenseDenial, text: string, held: HeldLicense): LicenseRow | undefined {
  const ends = isEnding(denial.code);
  if (held.departed !== undefined) {
    if (ends) return { answer: null, denial: text, departed: null };
    return denial.code === 'transfer_refused' ? { answer: null, denial: null, departed: null } : undefined;
  }
  if (!ends && denial.code !== 'suspended') return undefined;
  // The row is another server's, which has not said so.
  if (held.fault?.code === 'issuer_mismatch') return undefined;
  if (held.token !== undefined && denial.license !== held.token.license)
    throw new LicenseError('answer_for_another_license');
  if (ends) return { answer: null, denial: text, departed: null };
  return held.answer === undefined ? undefined : { answer: held.answer, denial: text, departed: null };
}
