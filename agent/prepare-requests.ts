import { licenseRequestDocument } from '#core/documents/license-request.ts';
import { LicenseError } from '#core/errors.ts';
import { composeRequest } from './compose-request.ts';
import type { Device } from './device.ts';
import { type Enrolled, subjectOf } from './enrolled.ts';
import type { HeldLicenses } from './held-licenses.ts';
import type { MeterTotals } from './meter-totals.ts';
import type { AgentStore } from './store/agent-store.ts';
import {
  type Channel,
  type LicenseId,
  type LicenseRow,
  type PendingRequest,
  REQUEST_SECONDS,
} from './store/schema.ts';
import type { TrustedClock } from './trusted-clock.ts';
import { departureOf, type Wish } from './wish.ts';

export interface PrepareParts {
  readonly device: Device;
  readonly enrolled: Enrolled;
  readonly store: AgentStore;
  readonly clock: TrustedClock;
  readonly totals: MeterTotals;
  readonly held: HeldLicenses;
}

/**
 * Makes requests and stores them before they can be sent. What changes something at the server and was not answered is
 * made again under its jti, so that it is done once. Who gives a license up holds nothing from then on. Source:
 * protocol, Idempotence; "release on the device deletes the token before it writes its request".
 *
 * @returns a request for each wish, in order
 * @throws of the store; `store_unwritable` where a license is to be given up and the disk would not know of it
 */
export async function prepareRequests(
  parts: PrepareParts,
  wishes: readonly Wish[],
  channel: Channel,
): Promise<PendingRequest[]> {
  const { device, enrolled, store, clock, totals, held: heldLicenses } = parts;
  if (store.isCopy && wishes.some(({ purpose }) => departureOf(purpose) !== undefined)) {
    const problem = {
      en: 'a license is given up only where that is kept over a restart',
      zh: '只有能在重启后保留时才放弃许可证',
    };
    throw new LicenseError('store_unwritable', { file: store.file, problem });
  }
  const { now, confirmed } = clock.time();
  const reading = clock.reading();
  let counter = store.pending.takeCounters(wishes.length);
  const answers: PendingRequest[] = [];
  const made: PendingRequest[] = [];
  const replaced: string[] = [];
  const rows: [LicenseId, LicenseRow][] = [];
  for (const wish of wishes) {
    const subject = subjectOf(enrolled, wish.licenseKey);
    const unanswered = channel === 'online' ? unansweredOf(store, subject, wish) : undefined;
    if (unanswered !== undefined && (await mayRetry(parts, unanswered, wish))) {
      answers.push(unanswered);
      continue;
    }
    if (unanswered !== undefined) replaced.push(unanswered.jti);
    const { document: heldToken } = await heldLicenses.held(enrolled, wish.licenseKey);
    const request = await composeRequest(enrolled, device.key, wish, {
      channel,
      counter,
      now,
      reading,
      // A lease needs no token; the key that holds the license asks.
      heldToken: wish.short || wish.purpose === 'lease' ? undefined : heldToken,
      meter: totals.of(subject),
    });
    counter += 1;
    const departed = departureOf(wish.purpose);
    if (departed !== undefined) {
      rows.push([subject, { answer: null, denial: null, departed }]);
      // What was asked before it was given up would bring it back.
      for (const { jti, purpose } of store.pending.of(subject))
        if (departureOf(purpose) === undefined) replaced.push(jti);
    }
    answers.push(request);
    made.push(request);
  }
  if (made.length > 0) store.pending.add({ requests: made, replaced, rows }, confirmed);
  return answers;
}

/** The request of the same purpose that waits for its answer; one that gives the license up, by whatever road. */
function unansweredOf(store: AgentStore, id: LicenseId, { purpose }: Wish): PendingRequest | undefined {
  if (purpose === 'refresh' || purpose === 'lease') return undefined;
  return store.pending
    .of(id)
    .findLast(
      (pending) =>
        pending.purpose === purpose && (pending.channel === 'online' || departureOf(purpose) !== undefined),
    );
}

/** Whether a stored request is still the one to make: ours, for this enrollment, remembered by the server. */
async function mayRetry(
  { device, enrolled: { enrollment, subject }, clock }: PrepareParts,
  { compact, madeAt }: PendingRequest,
  { purpose, automatic, toLicenseKey, renewId }: Wish,
): Promise<boolean> {
  if (clock.time().confirmed - madeAt > REQUEST_SECONDS) return false;
  try {
    const request = await licenseRequestDocument.verify(compact, [device.key]);
    const isSame = automatic || (request.toLicenseKey === toLicenseKey && request.renewId === renewId);
    return (
      isSame &&
      request.aud === subject.serverId &&
      (purpose !== 'activate' || request.enrollment?.id === enrollment.enrollment.id) &&
      // What a person asks for is answered otherwise than what the daemon does by itself.
      (request.automatic === automatic || automatic)
    );
  } catch {
    // Whatever is wrong with it, a new request takes its place.
    return false;
  }
}
