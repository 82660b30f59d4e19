import type { IncomingMessage, ServerResponse } from 'node:http';
import { LicenseError } from '#core/errors.ts';

export interface BodyBounds {
  /** Of one body, in bytes. */
  readonly most: number;
  /** Of all bodies together that are being received or answered, in bytes. */
  readonly together: number;
}

const RETRY_AFTER_SECONDS = 2;

/**
 * Receives bodies as text, within a bound on all of them together: what nobody has vouched for yet must not fill the
 * memory, however many send at once. Counted is what has arrived, so that whoever only announces much takes nothing
 * from others; it is given back when the answer has left, which may be larger still.
 */
export class BodyReceiver {
  readonly #bounds: BodyBounds;
  #bytes = 0;

  constructor(bounds: BodyBounds) {
    this.#bounds = bounds;
  }

  /** @throws `payload_too_large`, `server_busy` */
  async receive(request: IncomingMessage, response: ServerResponse): Promise<string> {
    const { most, together } = this.#bounds;
    if (Number(request.headers['content-length'] ?? 0) > most) throw new LicenseError('payload_too_large');
    let own = 0;
    response.once('close', () => {
      this.#bytes -= own;
    });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        own += chunk.length;
        this.#bytes += chunk.length;
        if (own > most) throw new LicenseError('payload_too_large');
        if (this.#bytes > together)
          throw new LicenseError('server_busy', { retryAfterSeconds: RETRY_AFTER_SECONDS });
        chunks.push(chunk);
      }
    } catch (cause) {
      // The rest is read and dropped: a client that still sends would not read why.
      request.resume();
      throw cause;
    }
    return Buffer.concat(chunks).toString();
  }
}
