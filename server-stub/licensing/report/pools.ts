import type { EpochSeconds } from '#core/clock.ts';
import { SHARED } from '../quota.ts';
import type { Figures, Owner } from './figures.ts';

/** The pools of a company as its trail fills and drains them, and their figures. Source: design, Server "Quota". */
export class Pools {
  readonly #figures: Figures;
  /** Seats that are free, by PID and App. */
  readonly #free = new Map<string, number>();

  constructor(figures: Figures) {
    this.#figures = figures;
  }

  fill(owner: Owner, at: EpochSeconds, seats: number): void {
    this.#change(owner, seats);
    this.#figures.add(owner, 'seats', at, seats);
    if (owner.appId !== SHARED) this.#figures.add(owner, 'recorded', at, seats);
  }

  /** Says of seats that filled a pool that they did at another time. */
  redate(owner: Owner, from: EpochSeconds, to: EpochSeconds, seats: number): void {
    this.#figures.add(owner, 'seats', from, -seats);
    this.#figures.add(owner, 'seats', to, seats);
  }

  /** Moves seats from the shared pool to an App's own; back where the number is negative. */
  move({ pid, appId }: Owner, at: EpochSeconds, seats: number): void {
    this.fill({ pid, appId }, at, seats);
    this.fill({ pid, appId: SHARED }, at, -seats);
  }

  /** Takes a seat: an App drains its own allocation, then the shared pool. Tells where. */
  take({ pid, appId }: Owner, at: EpochSeconds): Owner {
    const own = { pid, appId };
    const owner = (this.#free.get(keyOf(own)) ?? 0) > 0 ? own : { pid, appId: SHARED };
    this.#change(owner, -1);
    this.#figures.add(owner, 'used', at, 1);
    return owner;
  }

  #change(owner: Owner, seats: number): void {
    const key = keyOf(owner);
    this.#free.set(key, (this.#free.get(key) ?? 0) + seats);
  }
}

/** None of the parts holds a space. */
const keyOf = ({ pid, appId }: Owner): string => `${pid} ${appId}`;
