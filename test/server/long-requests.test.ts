import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setInterval } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { LicenseError } from '#core/errors.ts';
import { allowLongRequests, atItsPace, dropRest, type Pace } from '../../server-stub/http/long-requests.ts';

const BYTES = 40;

/** A server that ends requests after 100 ms, but those to /long as their pace is. */
async function serve(pace: Pace): Promise<{ send(path: string, everyMs: number): Promise<string> }> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url !== '/long') return response.end(await text(request));
    const body = await atItsPace(request, () => text(request), pace).catch(async (cause: unknown) => {
      if (!(await dropRest(request, 10))) response.setHeader('connection', 'close');
      return (cause as LicenseError).code;
    });
    return response.end(body);
  };
  const server = createServer(
    { requestTimeout: 100, connectionsCheckingInterval: 20 },
    (request, response) => {
      void answer(request, response).catch(() => {});
    },
  );
  allowLongRequests(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;

  return {
    /** Sends a body byte by byte; what came back until the server closed or the body was over. */
    async send(path, everyMs) {
      const socket: Socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      const answered = text(socket);
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${BYTES}\r\n\r\n`,
      );
      let sent = 0;
      for await (const _ of setInterval(everyMs)) {
        if (sent === BYTES || socket.destroyed || !socket.writable) break;
        socket.write('x');
        sent += 1;
      }
      return answered;
    },
  };
}

test('a body that takes longer than others may, but moves, arrives whole', async () => {
  // Two windows, each far longer than a busy machine stands still.
  const { send } = await serve({ windowMs: 500, minBytes: 3, mostMs: 60_000 });
  expect(await send('/long', 30)).toMatch(new RegExp(`200 OK[\\s\\S]*${'x'.repeat(BYTES)}$`));
});

test('other requests of the same server are ended as before', async () => {
  const { send } = await serve({ windowMs: 60, minBytes: 3, mostMs: 60_000 });
  expect(await send('/other', 10)).not.toContain('200 OK');
});

test.each<[string, Pace]>([
  ['comes drop by drop', { windowMs: 100, minBytes: 20, mostMs: 60_000 }],
  ['goes on for ever', { windowMs: 50, minBytes: 1, mostMs: 200 }],
])('a body that %s is told so, and its connection ends', async (_, pace) => {
  const { send } = await serve(pace);
  const answer = await send('/long', 20);
  expect(answer).toMatch(/connection: close/i);
  expect(answer.endsWith('request_timeout')).toBe(true);
});
