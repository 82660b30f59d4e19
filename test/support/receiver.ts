import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { onTestFinished, vi } from 'vitest';
import type { TlsCertificates } from '../../server-stub/tls.ts';

/** A request that a receiver got. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How a receiver answers; by default with 200. */
export type Answering = (response: ServerResponse, request: Received, index: number) => void;

/** Somebody who is told by HTTP: keeps what arrives and answers as the test says. */
export class Receiver {
  readonly url: string;
  readonly received: Received[] = [];
  answering: Answering = (response) => void response.end();
  readonly #waiting = new Set<() => void>();

  private constructor(url: string) {
    this.url = url;
  }

  /** @param tls for HTTPS under its certificate */
  static async start(
    answering?: Answering,
    tls?: Pick<TlsCertificates, 'certificate' | 'privateKey'>,
    port = 0,
  ): Promise<Receiver> {
    let receiver: Receiver | undefined;
    const take = async (request: IncomingMessage, response: ServerResponse) =>
      receiver?.take(request, response);
    const server = tls
      ? createTlsServer({ cert: tls.certificate, key: tls.privateKey }, take)
      : createServer(take);
    server.on('tlsClientError', () => {});
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address() as AddressInfo;
    receiver = new Receiver(`${tls ? 'https' : 'http'}://127.0.0.1:${address.port}`);
    if (answering !== undefined) receiver.answering = answering;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return receiver;
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const received = {
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    const index = this.received.push(received) - 1;
    this.answering(response, received, index);
    for (const look of this.#waiting) look();
  }

  /** Resolves once what arrived is as wanted. */
  until(wanted: (received: readonly Received[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!wanted(this.received)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The bodies, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects
  get bodies(): any[] {
    return this.received.map(({ body }) => JSON.parse(body));
  }
}

/** A body that the Standard Webhooks library takes as authentic at a time; throws where it does not. */
export function verifyWebhook({ headers, body }: Received, secret: string, at: number): unknown {
  const clock = vi.spyOn(Date, 'now').mockReturnValue(at * 1000);
  try {
    return new Webhook(secret).verify(body, headers as Record<string, string>);
  } finally {
    clock.mockRestore();
  }
}

/** A signing secret as Standard Webhooks has them. */
export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
