import { LicenseError } from '#core/errors.ts';

/** Wrong credentials that one address may send in a second. */
const FAILURES = 20;
/** Until an address is looked at again, in seconds. */
export const RETRY_AFTER_SECONDS = 1;
const WINDOW_MS = 1000;

/**
 * What one address may guess: so many wrong credentials in each second, above it nothing unknown is looked at until
 * the second is over. Guessing 256 random bits is hopeless anyway; this bounds what trying costs us. Others behind the
 * same NAT are not shut out: every second begins anew, and a pair that was right before is not asked for (see
 * authentication.ts).
 */
export class FailedAttempts {
  readonly #most: number;
  readonly #counts = new Map<string, number>();
  #windowEnd = 0;

  /** @param most failures of one address in a second */
  constructor(most = FAILURES) {
    this.#most = most;
  }

  /**
   * An attempt begins. It counts as failed until {@link forgive}, so that many at once are bounded too.
   *
   * @throws `rate_limited`
   */
  begin(address: string): void {
    if (this.exhausted(address))
      throw new LicenseError('rate_limited', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    this.count(address);
  }

  /** The attempt was right after all. */
  forgive(address: string): void {
    const count = this.#counts.get(address);
    if (count !== undefined) this.#counts.set(address, count - 1);
  }

  /** An attempt failed that did not begin here. */
  count(address: string): void {
    this.#counts.set(address, this.#countOf(address) + 1);
  }

  /** Whether the address has had what it may try in this second. */
  exhausted(address: string): boolean {
    return this.#countOf(address) >= this.#most;
  }

  #countOf(address: string): number {
    const now = performance.now();
    if (now >= this.#windowEnd) {
      this.#counts.clear();
      this.#windowEnd = now + WINDOW_MS;
    }
    return this.#counts.get(address) ?? 0;
  }
}
