import { hash } from 'node:crypto';
import type { EpochSeconds } from '#core/clock.ts';
import { SHARED } from '../quota.ts';

/** What is counted, per PID and App or shared pool. `seats` may fall; all others only rise in an honest store. */
export type Measure =
  | 'seats'
  | 'used'
  /** Seats of an App's own pool, as the record of allocations adds up to. */
  | 'recorded'
  | 'granted'
  | 'withdrawn'
  | 'allocated'
  | 'takenBack'
  | 'activated'
  | 'renewed'
  | 'revived'
  | 'expired'
  | 'transferred'
  | 'released'
  | 'suspended'
  | 'resumed'
  | 'minutes';

/** Amounts by the time at which they came: before the period, in it, and after it. */
export type Amounts = [before: number, within: number, after: number];

/** Whose figures: a PID of an App or of the shared pool (''), or a renewId. */
export interface Owner {
  readonly pid: string;
  readonly appId: string;
  readonly renewId?: string;
}

interface OwnerFigures {
  readonly owner: Owner;
  readonly amounts: Map<Measure, Amounts>;
  /** Sum of the digests of all facts, in 32-bit parts: the same facts in any order give the same sum. */
  readonly facts: Uint32Array;
}

/** Whose figures renewals are: a renewId serves all Apps of a company. */
export function ownerOfRenewals({ pid, renewId }: { readonly pid: string; readonly renewId: string }): Owner {
  return { pid, appId: SHARED, renewId };
}

/** Beyond this nothing is added up, so that no sum of figures is inexact; no honest server comes near it. */
export const MOST_COUNTED = 2 ** 51;

const FACT_PARTS = 4;
const NO_FACTS = new Uint32Array(FACT_PARTS);
const NOTHING: Readonly<Amounts> = [0, 0, 0];

/**
 * The figures of one company over a period. They are added up twice, from the audit trail and from the tables, and
 * must come out the same. Memory follows the number of PIDs and Apps, never that of licenses.
 */
export class Figures {
  readonly #from: EpochSeconds;
  readonly #end: EpochSeconds;
  readonly #owners = new Map<string, OwnerFigures>();
  #last: OwnerFigures | undefined;

  /** @param end where the period ends, or now where that comes first */
  constructor(from: EpochSeconds, end: EpochSeconds) {
    this.#from = from;
    this.#end = end;
  }

  add(owner: Owner, measure: Measure, at: EpochSeconds, amount: number): void {
    const { amounts } = this.#of(owner);
    let values = amounts.get(measure);
    if (values === undefined) {
      values = [0, 0, 0];
      amounts.set(measure, values);
    }
    const time = at < this.#from ? 0 : at < this.#end ? 1 : 2;
    // In whatever order they come, the same amounts stop at the same sum.
    values[time] = Math.min(MOST_COUNTED, values[time] + Math.min(MOST_COUNTED, amount));
  }

  /** A license's end counts once it was reached; one that lies after the period is not known yet to come. */
  expire(owner: Owner, expireTime: EpochSeconds, count: 1 | -1): void {
    if (expireTime < this.#end) this.add(owner, 'expired', expireTime, count);
  }

  /**
   * Adds a fact of a license, or takes it away. A sum of digests finds whoever changes a row by hand; who can
   * recompute it could write the trail anew as well, which only the vendor sees, by an earlier report's checkpoint.
   */
  fact(owner: Owner, count: 1 | -1, ...parts: readonly (string | number)[]): void {
    const { facts } = this.#of(owner);
    const digest = hash('sha256', parts.join('\n'), 'buffer');
    for (let part = 0; part < facts.length; part += 1)
      facts[part] = ((facts[part] ?? 0) + count * digest.readInt32LE(part * 4)) >>> 0;
  }

  #of(owner: Owner): OwnerFigures {
    // Most rows add several figures of one owner.
    if (this.#last?.owner === owner) return this.#last;
    const key = keyOf(owner);
    let figures = this.#owners.get(key);
    if (figures === undefined) {
      figures = { owner, amounts: new Map(), facts: new Uint32Array(FACT_PARTS) };
      this.#owners.set(key, figures);
    }
    this.#last = { ...figures, owner };
    return figures;
  }

  /** The digests of all facts of an owner, added up. */
  facts(owner: Owner): readonly number[] {
    return [...(this.#owners.get(keyOf(owner))?.facts ?? NO_FACTS)];
  }

  amounts(owner: Owner, measure: Measure): Readonly<Amounts> {
    return this.#owners.get(keyOf(owner))?.amounts.get(measure) ?? NOTHING;
  }

  get owners(): readonly Owner[] {
    return [...this.#owners.values()].map(({ owner }) => owner);
  }
}

/** None of the parts holds a space. */
function keyOf({ pid, appId, renewId = '' }: Owner): string {
  return `${pid} ${appId} ${renewId}`;
}
