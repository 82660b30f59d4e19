import type { IncomingMessage, ServerResponse } from 'node:http';
import { LicenseError } from '#core/errors.ts';

export interface BodyBounds {
  /** Of one body, in bytes. */
  readonly most: number;
  /** Of the bodies of one network that are being received or answered, in bytes. */
  readonly network: number;
  /** Of all bodies together that are, in bytes. */
  readonly together: number;
}

/** How fast a body has to come that others would have to wait for. */
export interface BodyPace {
  readonly windowMs: number;
  /** In each window. */
  readonly minBytes: number;
  /** Smaller ones fill nothing, and come as slowly as the server's `requestTimeout` allows. */
  readonly fromBytes: number;
}

const RETRY_AFTER_SECONDS = 2;
/** No harder than `requestTimeout` is on the largest, but said at once and not after half a minute. */
const PACE: BodyPace = { windowMs: 3_000, minBytes: 65_536, fromBytes: 262_144 };

/**
 * Receives bodies as text, within a bound on all of them together: what nobody has vouched for yet must not fill the
 * memory, however many send at once. Counted is what has arrived, so that whoever only announces much takes nothing
 * from others; it is given back when the answer has left, which may be larger still. One network takes a part of the
 * whole at most, and who sends much and then falls silent is ended within seconds: to lock others out takes many
 * networks that go on sending.
 */
export class BodyReceiver {
  readonly #bounds: BodyBounds;
  readonly #pace: BodyPace;
  readonly #bytesOf = new Map<string, number>();
  #bytes = 0;

  constructor(bounds: BodyBounds, pace: BodyPace = PACE) {
    this.#bounds = bounds;
    this.#pace = pace;
  }

  /**
   * @param network whose share it counts towards
   * @throws `payload_too_large`, `server_busy`, `request_timeout`
   */
  async receive(request: IncomingMessage, response: ServerResponse, network: string): Promise<string> {
    const { most } = this.#bounds;
    if (Number(request.headers['content-length'] ?? 0) > most) throw new LicenseError('payload_too_large');
    const { windowMs, minBytes, fromBytes } = this.#pace;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const chunks: Buffer[] = [];
    let own = 0;
    response.once('close', () => this.#take(network, -own));
    const onData = (chunk: Buffer) => {
      own += chunk.length;
      this.#take(network, chunk.length);
      chunks.push(chunk);
      if (own > most) reject(new LicenseError('payload_too_large'));
      else if (this.#isFull(network))
        reject(new LicenseError('server_busy', { retryAfterSeconds: RETRY_AFTER_SECONDS }));
    };
    let seen = 0;
    const timer = setInterval(() => {
      if (own >= fromBytes && own - seen < minBytes) reject(new LicenseError('request_timeout'));
      seen = own;
    }, windowMs);
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks).toString()));
    request.once('error', reject);
    request.once('close', () => reject(new LicenseError('request_timeout')));
    try {
      return await promise;
    } finally {
      clearInterval(timer);
      request.off('data', onData);
      chunks.length = 0;
      // The rest is read and dropped: a client that still sends would not read why.
      request.resume();
    }
  }

  #take(network: string, bytes: number): void {
    this.#bytes += bytes;
    const of = (this.#bytesOf.get(network) ?? 0) + bytes;
    if (of > 0) this.#bytesOf.set(network, of);
    else this.#bytesOf.delete(network);
  }

  #isFull(network: string): boolean {
    return this.#bytes > this.#bounds.together || (this.#bytesOf.get(network) ?? 0) > this.#bounds.network;
  }
}
