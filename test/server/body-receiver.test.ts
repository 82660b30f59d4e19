import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { LicenseError } from '#core/errors.ts';
import { type BodyBounds, type BodyPace, BodyReceiver } from '../../server-stub/http/body-receiver.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { TestServer } from '../support/server.ts';

const MIB = 1024 * 1024;

const headOf = (length: number | undefined, more = '') =>
  `POST /v1/license-requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${more}${
    length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  }\r\n\r\n`;

const errorOf = async (connection: RawConnection) => {
  const { status, headers, body } = await connection.answer();
  return { status, error: JSON.parse(body).error, retryAfter: headers['retry-after'] };
};

/** A server of nothing but bodies, small ones; whose network a body counts towards stands in a header. */
async function receiving(bounds: BodyBounds, pace?: BodyPace) {
  const receiver = new BodyReceiver(bounds, pace);
  const server = createServer((request, response) => {
    receiver.receive(request, response, String(request.headers['x-network'])).then(
      (text) => response.end(`${text.length}`),
      (error: LicenseError) => response.end(error.code),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return async (network: string, length: number, sent: number) => {
    const connection = await RawConnection.open(`http://127.0.0.1:${port}`);
    const head = `POST / HTTP/1.1\r\nHost: x\r\nX-Network: ${network}\r\nContent-Length: ${length}\r\n\r\n`;
    connection.send(head + 'x'.repeat(sent));
    return connection;
  };
}

const BOUNDS: BodyBounds = { most: 1000, network: 2000, together: 4000 };
const NEVER: BodyPace = { windowMs: 600_000, minBytes: 1, fromBytes: 1 };

test('one network takes its share of the whole; who comes too many is told to come again', async () => {
  const send = await receiving(BOUNDS, NEVER);
  const held = await Promise.all([1, 2].map(() => send('a', 1000, 999)));
  // What was written may still be on its way.
  const answerOf = async (network: string, length: number) =>
    (await (await send(network, length, length)).answer()).body;
  while ((await answerOf('a', 100)) !== 'server_busy');
  expect(await answerOf('b', 1000)).toBe('1000');
  held.push(...(await Promise.all([1, 2].map(() => send('b', 1000, 999)))));
  while ((await answerOf('c', 100)) !== 'server_busy');
  for (const connection of held) connection.send('x');
  for (const connection of held) expect((await connection.answer()).body).toBe('1000');
  expect([await answerOf('a', 1000), await answerOf('c', 1000)]).toEqual(['1000', '1000']);
});

test('who sends much and falls silent is ended; who sends little may take its time', async () => {
  const send = await receiving(BOUNDS, { windowMs: 20, minBytes: 10, fromBytes: 500 });
  const small = await send('a', 1000, 400);
  const held = await Promise.all([1, 2].map(() => send('b', 1000, 999)));
  for (const connection of held) expect((await connection.answer()).body).toBe('request_timeout');
  small.send('x'.repeat(600));
  expect((await small.answer()).body).toBe('1000');
});

test('sixteen arrays of one network that lack their last byte lock no other gateway out', async () => {
  const server = await TestServer.start({ env: { LICENSE_SERVER_TRUSTED_PROXIES: '127.0.0.1' } });
  const senders = await Promise.all(Array.from({ length: 16 }, () => RawConnection.open(server.url)));
  for (const sender of senders) {
    sender.send(headOf(4 * MIB));
    await new Promise((sent) => sender.socket.write('x'.repeat(4 * MIB - 1), sent));
  }
  const refused = senders.map((sender) => errorOf(sender));
  // Twelve at once; the others when they were silent for long enough.
  expect(await Promise.any(refused)).toEqual({ status: 503, error: 'server_busy', retryAfter: '2' });
  const gateway = await RawConnection.open(server.url);
  gateway.send(`${headOf(1000, 'X-Forwarded-For: 192.0.2.7\r\n')}${'y'.repeat(1000)}`);
  expect(await errorOf(gateway)).toMatchObject({ status: 400, error: 'document_malformed' });
  // One request by itself is not concerned.
  const headers = { 'content-type': 'application/jwt' };
  const single = await fetch(`${server.url}/v1/license-requests`, { method: 'POST', headers, body: 'x' });
  expect(single.status).toBe(400);
  const errors = (await Promise.all(refused)).map(({ error }) => error);
  expect(new Set(errors)).toEqual(new Set(['server_busy', 'request_timeout']));
});

test('who only announces much, or goes away, takes nothing from others', async () => {
  const server = await TestServer.start();
  const announcers = await Promise.all(Array.from({ length: 40 }, () => RawConnection.open(server.url)));
  for (const announcer of announcers) announcer.send(headOf(4 * MIB));
  for (let round = 0; round < 20; round += 1) {
    const sender = await RawConnection.open(server.url);
    sender.send(headOf(4 * MIB));
    await new Promise((sent) => sender.socket.write('x'.repeat(4 * MIB - 1), sent));
    sender.socket.destroy();
    await new Promise((closed) => sender.socket.once('close', closed));
  }
  const honest = await RawConnection.open(server.url);
  let status = 0;
  while (status !== 400) {
    honest.send(`${headOf(1000)}${'y'.repeat(1000)}`);
    status = (await errorOf(honest)).status;
  }
});

test('an array in chunks is refused where it becomes too large, and the connection goes on', async () => {
  const server = await TestServer.start();
  const connection = await RawConnection.open(server.url);
  connection.send(headOf(undefined));
  const chunk = `${MIB.toString(16)}\r\n${'x'.repeat(MIB)}\r\n`;
  for (let sent = 0; sent < 5; sent += 1) connection.send(chunk);
  connection.send('0\r\n\r\n');
  expect(await errorOf(connection)).toMatchObject({ status: 413, error: 'payload_too_large' });
  connection.send('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  expect((await connection.answer()).body).toBe('{"status":"ok"}');
});
