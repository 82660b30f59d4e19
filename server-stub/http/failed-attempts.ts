import { LicenseError } from '#core/errors.ts';

/** Wrong credentials that one address may send in a second. */
const FAILURES = 20;
const WINDOW_MS = 1000;

/**
 * What one address may guess: so many wrong credentials in each second, above it nothing unknown is looked at until
 * the second is over. Guessing 256 random bits is hopeless anyway; this bounds what trying costs us. Others behind the
 * same NAT are not shut out: every second begins anew, and a pair that was right before is not asked for (see
 * authentication.ts).
 */
export class FailedAttempts {
  readonly #counts = new Map<string, number>();
  #windowEnd = 0;

  /**
   * An attempt begins. It counts as failed until {@link forgive}, so that many at once are bounded too.
   *
   * @throws `rate_limited`
   */
  begin(address: string): void {
    const now = performance.now();
    if (now >= this.#windowEnd) {
      this.#counts.clear();
      this.#windowEnd = now + WINDOW_MS;
    }
    const count = this.#counts.get(address) ?? 0;
    if (count >= FAILURES) throw new LicenseError('rate_limited', { retryAfterSeconds: 1 });
    this.#counts.set(address, count + 1);
  }

  /** The attempt was right after all. */
  forgive(address: string): void {
    const count = this.#counts.get(address);
    if (count !== undefined) this.#counts.set(address, count - 1);
  }
}
