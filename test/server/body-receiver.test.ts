import { expect, test } from 'vitest';
import { RawConnection } from '../support/raw-connection.ts';
import { TestServer } from '../support/server.ts';

const MIB = 1024 * 1024;

const headOf = (length: number | undefined) =>
  `POST /v1/license-requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${
    length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  }\r\n\r\n`;

const errorOf = async (connection: RawConnection) => {
  const { status, headers, body } = await connection.answer();
  return { status, error: JSON.parse(body).error, retryAfter: headers['retry-after'] };
};

test('arrays that strangers are sending share a bound; who comes too many is told to come again', async () => {
  const server = await TestServer.start();
  const filling = 'x'.repeat(4 * MIB - 1);
  // Sixteen that lack their last byte fill it.
  const senders = await Promise.all(Array.from({ length: 16 }, () => RawConnection.open(server.url)));
  for (const sender of senders) {
    sender.send(headOf(4 * MIB));
    await new Promise((sent) => sender.socket.write(filling, sent));
  }
  const late = await RawConnection.open(server.url);
  let outcome = { status: 0, error: '', retryAfter: '' as string | undefined };
  // What was written may still be on its way.
  while (outcome.status !== 503) {
    late.send(`${headOf(1000)}${'y'.repeat(1000)}`);
    outcome = await errorOf(late);
  }
  expect(outcome).toEqual({ status: 503, error: 'server_busy', retryAfter: '2' });
  // One request by itself is not concerned.
  const headers = { 'content-type': 'application/jwt' };
  const single = await fetch(`${server.url}/v1/license-requests`, { method: 'POST', headers, body: 'x' });
  expect(single.status).toBe(400);

  for (const sender of senders) sender.send('x');
  for (const sender of senders) expect((await errorOf(sender)).status).toBe(400);
  late.send(`${headOf(1000)}${'y'.repeat(1000)}`);
  expect(await errorOf(late)).toMatchObject({ status: 400, error: 'document_malformed' });
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
