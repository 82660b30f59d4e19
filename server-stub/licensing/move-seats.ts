import type { Selectable } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import { printable } from '#core/host/printable.ts';
import type { Transaction } from '../store/database.ts';
import type { AppTable } from '../store/schema.ts';
import { appsByIds } from './apps-by-ids.ts';
import type { Outcome, Requester } from './outcome.ts';
import { SHARED } from './quota.ts';
import { type Allocated, recordAllocations } from './record-allocations.ts';
import { freeIn, SeatPools } from './seat-pools.ts';

/** A wish to move seats between the shared pool and an App's. */
export interface SeatMove extends Requester {
  readonly cid: string;
  readonly appId: string;
  readonly pid: string;
  /** At least 1. */
  readonly count: number;
  /** Who wishes it, in the caller's own words: 1–64 printable characters. */
  readonly creator: string;
}

/** Whether a creator may be recorded: 1–64 printable characters, no space around them. */
export function isCreator(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= 64 &&
    value.trim() === value &&
    printable(value) === value
  );
}

/** The App's seats after it, and what is free in the shared pool. */
export type SeatMoveOutcome = Outcome<{ readonly granted: number; readonly free: number }>;

export interface Direction {
  readonly action: 'quota.allocate' | 'quota.take_back';
  /** 1: from the shared pool to the App's; -1: back. */
  readonly sign: 1 | -1;
  /** Why it may not be, once App and PID are known to be the company's. */
  refusal(request: SeatMove, app: Selectable<AppTable>, pools: SeatPools): LicenseError | undefined;
}

/**
 * Moves seats as wished, each recorded as an allocation and in the audit trail. Refused: `unknown_app`,
 * `unknown_pid`, and as the direction says.
 */
export async function moveSeats(
  { db, audit }: Transaction,
  requests: readonly SeatMove[],
  { action, sign, refusal }: Direction,
): Promise<SeatMoveOutcome[]> {
  const apps = await appsByIds(
    db,
    requests.map(({ appId }) => appId),
  );
  const pools = await SeatPools.load(db, requests);
  const moved: Allocated[] = [];

  const decide = async (request: SeatMove): Promise<SeatMoveOutcome> => {
    const { cid, appId, pid, count, creator, actor, from } = request;
    const app = apps.get(appId);
    if (app?.cid !== cid) return { ok: false, error: new LicenseError('unknown_app', { appId }) };
    if (!pools.knows(request)) return { ok: false, error: new LicenseError('unknown_pid', { pid }) };
    const error = refusal(request, app, pools);
    if (error !== undefined) return { ok: false, error };
    pools.move(request, appId, sign * count);
    const created_at = await audit.timeOf(cid);
    moved.push({ app_id: appId, pid, cid, count: sign * count, creator, created_at });
    const detail = { appId, pid, count, creator };
    await audit.append(cid, { actor, from, action, subject: appId, detail });
    const [{ granted }, shared] = [pools.pool(request, appId), pools.pool(request, SHARED)];
    return { ok: true, granted, free: freeIn(shared) };
  };
  const outcomes: SeatMoveOutcome[] = [];
  for (const request of requests) outcomes.push(await decide(request));
  await pools.store();
  await recordAllocations(db, moved);
  return outcomes;
}
