import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireDebianProgram } from '../support/debian.ts';
import { temporaryFolder } from '../support/folder.ts';
import { serveEnvironment } from '../support/prepare-server.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { createServerFolder, type ServerFolder } from '../support/server-folder.ts';
import { Running, run } from './program.ts';
import { clientOf, serve } from './server-process.ts';

const authorizationOf = ({ credential: { customerId, customerSecret } }: ServerFolder) =>
  `Basic ${Buffer.from(`${customerId}:${customerSecret}`).toString('base64')}`;

test('system calls show that headers and body of an answer leave in one write', async () => {
  requireDebianProgram('strace');
  const folder = await createServerFolder();
  const { appId, purchase } = folder.world;
  const env = serveEnvironment(folder);
  await run('server', { args: ['app', 'set', appId, '--legacy-pid', purchase.pid], env });
  const trace = join(temporaryFolder(), 'trace');
  // The main thread alone: it writes the sockets.
  const server = await serve(folder, {
    under: ['strace', '-y', '-s', '20', '-e', 'trace=write,writev,sendto,sendmsg', '-o', trace],
  });
  const authorization = authorizationOf(folder);
  const licenseKeys = Array.from({ length: 45 }, (_, index) => `SN-${index}`);
  const json = (body: unknown) => {
    const text = JSON.stringify(body);
    return `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
  };
  const query = `pid=${purchase.pid}&licenseKey=SN-1&appid=${appId}`;
  const bodyless = 'Content-Length: 0\r\n\r\n';
  const requests: [status: number, line: string, rest: string, authorized?: false][] = [
    [401, `POST /dabiz/license/v2/active?${query}`, bodyless, false],
    [200, `POST /dabiz/license/v2/active?${query}`, bodyless],
    [200, `POST /dabiz/license/v1/active?${query}`, bodyless],
    [400, 'POST /dabiz/license/v2/active?pid=x', bodyless],
    [200, `POST /dabiz/license/v2/active/batch?appid=${appId}`, json({ pid: purchase.pid, licenseKeys })],
    [200, `GET /dabiz/license/v2/detail?appid=${appId}&key=SN-1`, '\r\n'],
    [200, `POST /dabiz/license/v2/pad/add?appid=${appId}&licenseKey=SN-1`, bodyless],
    [200, `GET /dabiz/license/v2/pads?appid=${appId}`, '\r\n'],
    [200, `GET /dabiz/license/v2/pads/export?appid=${appId}`, '\r\n'],
    [200, `POST /dev/v3/apps/${appId}/licenses/activation`, json({ credential: 'x', custom: 'SN-2' })],
    [200, `GET /dev/v3/apps/${appId}/licenses`, '\r\n'],
    [404, 'GET /nowhere', '\r\n'],
    [405, `GET /dabiz/license/v2/active?${query}`, '\r\n'],
    [200, 'GET /healthz', '\r\n'],
  ];
  const connection = await RawConnection.open(String(server.ready['url']));
  let largest = 0;
  for (const [status, line, rest, authorized = true] of requests) {
    const head = authorized ? `Authorization: ${authorization}\r\n` : '';
    connection.send(`${line} HTTP/1.1\r\nHost: x\r\n${head}${rest}`);
    const answer = await connection.answer();
    expect([line, answer.status]).toEqual([line, status]);
    largest = Math.max(largest, answer.body.length);
  }
  connection.send('nonsense\r\n\r\n');
  expect((await connection.answer()).status).toBe(400);
  // Large answers were among them, and none beyond what must be one.
  expect(largest).toBeGreaterThan(8192);
  expect(largest).toBeLessThan(16_384);
  await server.end('SIGTERM');

  const writes = readFileSync(trace, 'utf8')
    .split('\n')
    .filter(
      (line) => /^(write|writev|sendto|sendmsg)\(\d+<(TCP|socket)/.test(line) && !/^\w+\([0-2]</.test(line),
    );
  expect(writes.filter((line) => !line.includes('HTTP/1.1 '))).toEqual([]);
  expect(writes).toHaveLength(requests.length + 1);
});

test('serve --legacy-http opens the plain port, says its URL, and logs each request', async () => {
  const folder = await createServerFolder();
  const env = { ...serveEnvironment(folder), LICENSE_SERVER_LOG_LEVEL: 'info' };
  const server = await Running.start('server', { args: ['serve', '--legacy-http', '0', '--json'], env });
  let stderr = '';
  server.child.stderr?.on('data', (chunk) => (stderr += chunk));
  expect(server.ready).toEqual({
    url: expect.stringMatching(/^http:/),
    legacyUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    pid: expect.any(Number),
  });
  const refused = await fetch(`${server.ready['legacyUrl']}/dev/v3/apps/${folder.world.appId}/licenses`, {
    headers: { authorization: authorizationOf(folder) },
  });
  expect(((await refused.json()) as { error: string }).error).toBe('scope_too_wide');
  expect((await clientOf(server, folder).activate('SN-1')).status).toBe(200);
  const closed = once(server.child, 'close');
  await server.end('SIGTERM');
  await closed;
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  // Also the last ones are written at the end.
  expect(lines).toContainEqual(expect.objectContaining({ route: '/dabiz/license/v2/active', status: 200 }));
  expect(lines).toContainEqual(
    expect.objectContaining({ route: '/dev/v3/apps/:appid/licenses', status: 400 }),
  );
  expect(stderr).not.toContain('SN-1');

  const wrong = await run('server', { args: ['serve', '--legacy-http', '70000'], env });
  expect([wrong.code, wrong.stdout]).toEqual([2, '']);
});
