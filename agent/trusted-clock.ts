import type { EpochSeconds } from '#core/clock.ts';
import type { TrustedTime } from '#core/evaluate.ts';
import {
  adoptSignedTime,
  advance,
  type ClockMark,
  type ClockReading,
  firstMark,
  type SignedTime,
  trustedTime,
} from './trusted-time.ts';

/** Trusted time as it runs: the machine's clocks and the mark, advanced by each look at them. */
export class TrustedClock {
  readonly #read: () => ClockReading;
  #mark: ClockMark;

  /** @param persisted the mark of the store; undefined where nothing is known of the time yet */
  constructor(read: () => ClockReading, persisted: ClockMark | undefined) {
    this.#read = read;
    this.#mark = persisted ?? firstMark(0, read());
  }

  get mark(): ClockMark {
    return this.#mark;
  }

  reading(): ClockReading {
    return this.#read();
  }

  time(): TrustedTime {
    const reading = this.#read();
    this.#mark = advance(this.#mark, reading);
    return trustedTime(this.#mark, reading);
  }

  /** Moves the mark forward to a time that surely has passed. */
  atLeast(at: EpochSeconds): void {
    const mark = advance(this.#mark, this.#read());
    this.#mark = { ...mark, confirmed: Math.max(mark.confirmed, at) };
  }

  /**
   * The mark that signed times lead to, one after the other; it counts once it was stored and given to {@link hold}.
   * One that is `forwardOnly` never takes the mark back.
   */
  adopting(signed: readonly (SignedTime & { readonly forwardOnly?: boolean })[]): ClockMark {
    const reading = this.#read();
    return signed.reduce((mark, { iat, request, forwardOnly = false }) => {
      const adopted = adoptSignedTime(mark, { iat, request }, reading);
      const current = advance(mark, reading);
      return forwardOnly && adopted.confirmed < current.confirmed ? current : adopted;
    }, this.#mark);
  }

  hold(mark: ClockMark): void {
    this.#mark = mark;
  }
}
