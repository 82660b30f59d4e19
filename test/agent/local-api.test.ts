import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LicenseClient } from '../../agent/client.ts';
import { asNobody } from '../support/as-nobody.ts';
import { startAgent, until } from './running-agent.ts';

async function running() {
  const agent = await startAgent();
  await until(agent.client, 'active');
  const { daemon } = agent;
  // Flood and daemon share one process here: a check comes in between, and patience is for the machine.
  const patient = new LicenseClient({ socket: daemon.sockets.agent, timeoutMs: 60_000 });
  const allowed = async () => (await patient.check('video')).allowed;
  return { ...agent, socket: daemon.sockets.agent, allowed };
}

/** A raw connection; what came back until it closed or fell silent. */
function raw(socket: string, bytes: string | Buffer): Promise<string> {
  const connection = connect(socket);
  onTestFinished(() => void connection.destroy());
  return new Promise((resolve) => {
    let text = '';
    connection.on('data', (chunk) => {
      text += chunk;
    });
    connection.on('close', () => resolve(text));
    connection.on('error', () => resolve(text));
    connection.write(bytes);
    connection.setTimeout(3000, () => resolve(text));
  });
}

describe('the local API', () => {
  test('a flood of 10,000 requests is answered, and a check among them', async () => {
    const { socket, allowed } = await running();
    const agent = new Agent({ keepAlive: true, maxSockets: 200 });
    onTestFinished(() => agent.destroy());
    const call = () =>
      new Promise<number>((resolve, reject) => {
        request({ socketPath: socket, path: '/v1/check?media=video', agent }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0));
        })
          .on('error', reject)
          .end();
      });
    const flood = Promise.all(Array.from({ length: 10_000 }, call));
    const amid = [await allowed(), await allowed(), await allowed()];
    expect(new Set(await flood)).toEqual(new Set([200]));
    expect(amid).toEqual([true, true, true]);
  });

  test.each<[string, string | Buffer, RegExp]>([
    ['no HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a TLS hello', Buffer.from('16030100a5010000a10303', 'hex'), /^HTTP\/1\.1 400/],
    [
      'two lengths',
      'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
      /^HTTP\/1\.1 400/,
    ],
    [
      'length and chunks',
      'POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      /^HTTP\/1\.1 400/,
    ],
    [
      'headers without an end',
      `GET /v1/status HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}`,
      /^HTTP\/1\.1 431/,
    ],
    [
      'a path that climbs',
      'GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404/,
    ],
    [
      'a path that is no text',
      'GET /v1/licenses/%ff%fe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404/,
    ],
    [
      'an absolute address',
      'GET http://[::1/v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 4\d\d/,
    ],
    ['a method of nobody', 'BREW /v1/status HTTP/1.1\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400/],
    [
      'DELETE of what is read',
      'DELETE /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 405/,
    ],
    [
      'what belongs to the owner',
      'POST /v1/release HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404/,
    ],
    [
      'JSON of depth',
      `POST /v1/sessions HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 200000\r\n\r\n${'['.repeat(200_000)}`,
      /^HTTP\/1\.1 400/,
    ],
  ])('%s is refused, and a check answered', async (_, bytes, expected) => {
    const { socket, allowed } = await running();
    expect(await raw(socket, bytes)).toMatch(expected);
    expect(await allowed()).toBe(true);
  });

  test('who asks thousands of times without waiting for an answer is cut off, and a check answered', async () => {
    const { socket, allowed } = await running();
    const before = process.memoryUsage().rss;
    const pipelined = Array.from({ length: 20 }, () => {
      const connection = connect(socket).pause();
      onTestFinished(() => void connection.destroy());
      connection.on('error', () => {});
      connection.write('GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20_000));
      return new Promise<void>((resolve) => connection.on('close', () => resolve()));
    });
    expect(await allowed()).toBe(true);
    await Promise.all(pipelined);
    // Client and daemon share this process; answered one and all, they took more than a gigabyte.
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });

  test('a few requests one after the other in one go are each answered', async () => {
    const { socket } = await running();
    const get = (more = '') => `GET /v1/check?media=video HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const answers = await raw(socket, get() + get() + get('Connection: close\r\n'));
    expect(answers.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
  });

  test('a body of 100 MB is not read to its end', async () => {
    const { socket, allowed } = await running();
    const before = process.memoryUsage().rss;
    const connection: Socket = connect(socket);
    onTestFinished(() => void connection.destroy());
    let sent = 0;
    const closed = new Promise<void>((resolve) => connection.on('close', () => resolve()));
    connection.on('error', () => {});
    let answer = '';
    connection.on('data', (chunk) => {
      answer += chunk;
    });
    connection.write('POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n');
    const chunk = Buffer.alloc(65_536, 'x');
    const send = () => {
      while (!connection.destroyed && sent < 104_857_600) {
        sent += chunk.length;
        if (!connection.write(chunk)) return void connection.once('drain', send);
      }
    };
    send();
    expect(await allowed()).toBe(true);
    await closed;
    expect(answer).toMatch(/^HTTP\/1\.1 413/);
    expect(sent).toBeLessThan(20_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(60_000_000);
  });

  test('1,000 idle connections, and 1,000 that send half a request, do not stop a check', async () => {
    const { socket, allowed } = await running();
    const connections = Array.from({ length: 2_000 }, (_, index) => {
      const connection = connect(socket);
      connection.on('error', () => {});
      if (index % 2 === 1) connection.write('GET /v1/status HTT');
      return connection;
    });
    onTestFinished(() => {
      for (const connection of connections) connection.destroy();
    });
    for (let times = 0; times < 20; times += 1) expect(await allowed()).toBe(true);
  });

  test("only the daemon's group may ask, and only its owner change anything", async () => {
    const { daemon, folder } = await running();
    const { agent, admin } = daemon.sockets;
    chmodSync(folder.path, 0o755);
    const group = Number(execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' }));
    const asks = (socket: string) =>
      new Promise<boolean>((resolve) => {
        const program = `require('net').connect(${JSON.stringify(socket)}).on('connect', () => process.exit(0)).on('error', () => process.exit(1))`;
        spawn(...asNobody([process.execPath, '-e', program])).on('exit', (code) => resolve(code === 0));
      });
    expect([await asks(agent), await asks(admin)]).toEqual([false, false]);
    chownSync(agent, 0, group);
    chownSync(admin, 0, group);
    expect(statSync(agent).mode & 0o777).toBe(0o660);
    expect([await asks(agent), await asks(admin)]).toEqual([true, false]);
  });
});
