import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { proxyOf } from '../../agent/doctor/proxy-of.ts';
import { createTlsCertificates, type TlsCertificates } from '../../server-stub/tls.ts';
import { requireDebianProgram } from '../support/debian.ts';
import { selfSigned } from '../support/end-entity.ts';
import { TestServer } from '../support/server.ts';
import { NOW, World } from '../support/world.ts';
import {
  answering,
  type ExaminedOptions,
  Findings,
  healthy,
  listen,
  serve,
  serveTls,
} from './doctor-support.ts';
import { AgentFolder } from './support.ts';

/** What is found on a device that is enrolled at these servers. */
async function at(urls: string | readonly string[], caCertificate = '', options: ExaminedOptions = {}) {
  const folder = new AgentFolder(new World());
  folder.enrollment = { ...folder.enrollment, caCertificate };
  folder.enroll('http://127.0.0.1:1');
  folder.write('state/enrollment.json', { ...folder.enrollment, serverUrls: [urls].flat() });
  return Findings.of(folder, options);
}

/** Where the way ends, as programs see it. */
const way = (findings: Findings) =>
  (['dns', 'route', 'tls', 'server'] as const).flatMap((id) =>
    findings.get(id).map(({ outcome }) => `${id} ${outcome}`),
  );

const closedPort = async () => {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

describe('the way to a license server', () => {
  test('is followed to its end, with the enrollment’s authority', async () => {
    const tls = await createTlsCertificates(['127.0.0.1']);
    const findings = await at(await serveTls(tls), tls.authority);
    expect(way(findings)).toEqual(['dns ok', 'route ok', 'tls ok', 'server ok']);
    const [{ detail } = { detail: {} }] = findings.get('tls');
    expect(detail).toMatchObject({
      issuer: 'License Server CA',
      names: 'IP Address:127.0.0.1',
      problem: null,
    });
  });

  test('ends at a name that nobody knows', async () => {
    const findings = await at('https://no-such-host.invalid');
    expect(way(findings)).toEqual(['dns fault']);
    expect(findings.said('dns')).toContain('/etc/resolv.conf');
  });

  test('ends at a port where nothing listens', async () => {
    const findings = await at(`https://127.0.0.1:${await closedPort()}`);
    expect(way(findings)).toEqual(['dns ok', 'route fault']);
    expect(findings.said('route')).toMatch(/the connection was refused → .*nothing listens there/);
  });

  test('is found by a name of /etc/hosts and by an IPv6 address', async () => {
    const port = await listen((await import('node:http')).createServer(healthy));
    expect(way(await at(`http://localhost:${port}`))).toContain('server ok');
    expect(way(await at(`http://[::1]:${port}`)).slice(0, 2)).toEqual(['dns ok', 'route fault']);
  });

  test('of several servers is open where one answers; the others are told as warnings', async () => {
    const findings = await at([`http://127.0.0.1:${await closedPort()}`, await serve(healthy)]);
    expect(way(findings)).toEqual(['dns ok', 'dns ok', 'route warning', 'route ok', 'server ok']);
  });

  test('shows no password that stands in a URL', async () => {
    const url = new URL(await serve(healthy));
    url.username = 'school';
    url.password = 's3cret';
    const findings = await at(url.href);
    expect(way(findings)).toEqual(['dns ok', 'route ok', 'server ok']);
    expect(JSON.stringify(findings.all)).not.toContain('s3cret');
  });

  test('to a server that says nothing is given up in time', async () => {
    const server = createTcpServer(() => {});
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const began = performance.now();
    const findings = await at([`https://127.0.0.1:${port}`, `http://127.0.0.1:${port}`]);
    expect(way(findings)).toEqual(['dns ok', 'dns ok', 'route ok', 'route ok', 'tls fault', 'server fault']);
    expect(findings.said('tls')).toContain('timeout');
    expect(performance.now() - began).toBeLessThan(15_000);
  });
});

describe('a certificate', () => {
  const seen = async (theirs: Pick<TlsCertificates, 'certificate' | 'privateKey'>, authority: string) =>
    at(await serveTls(theirs), authority);

  test('under another authority: whose it is, and who may answer in the place of the server', async () => {
    const [theirs, ours] = [
      await createTlsCertificates(['127.0.0.1']),
      await createTlsCertificates(['127.0.0.1']),
    ];
    const findings = await seen(theirs, ours.authority);
    expect(way(findings)).toEqual(['dns ok', 'route ok', 'tls fault']);
    expect(findings.said('tls')).toMatch(
      /License Server by License Server CA; .*not trusted.* → .*a proxy that looks into TLS, or the log-in page/,
    );
  });

  test('for another name: for which', async () => {
    const elsewhere = await createTlsCertificates(['license.example']);
    const findings = await seen(elsewhere, elsewhere.authority);
    expect(findings.said('tls')).toMatch(/for another name → It is for DNS:license\.example: /);
  });

  test('that has ended, or has not begun: from when to when, and the clock of the device', async () => {
    const old = await selfSigned(new Date('2020-01-01'), new Date('2021-01-01'));
    expect((await seen(old, old.certificate)).said('tls')).toMatch(
      /has ended → It is valid from Jan {2}1 .*2020 GMT to Jan {2}1 .*2021 GMT: check the clock/,
    );
    const future = await selfSigned(new Date('2090-01-01'), new Date('2091-01-01'));
    expect((await seen(future, future.certificate)).said('tls')).toContain('not valid yet');
  });

  test('none at all: something else listens there', async () => {
    const url = await serve(healthy);
    const findings = await at(url.replace('http:', 'https:'));
    expect(way(findings)).toEqual(['dns ok', 'route ok', 'tls fault']);
    expect(findings.said('tls')).toContain('speaks no TLS');
  });
});

describe('what answers', () => {
  test.each([
    ['the log-in page of a network', answering(200, '<html>Log in</html>'), /log-in page/],
    [
      'the way to one',
      answering(302, '', { location: 'http://portal.example/?mac=00:11:22' }),
      /log-in page/,
    ],
    ['a network that wants to be asked (RFC 6585)', answering(511, ''), /log-in page/],
    [
      'a proxy before a server that is down',
      answering(502, '<html>Bad gateway</html>'),
      /behind it does not/,
    ],
    ['another program', answering(404, 'no'), /Another program/],
    ['JSON of another kind', answering(200, '{"hello":1}'), /Another program/],
    [
      'without an end',
      (_request: unknown, response: { write(text: string): void }) => {
        response.write(`{"status":"ok"${' '.repeat(100_000)}`);
      },
      /Another program/,
    ],
  ] as const)('%s is no license server', async (_, listener, remedy) => {
    const findings = await at(await serve(listener as never));
    expect(way(findings)).toEqual(['dns ok', 'route ok', 'server fault']);
    expect(findings.said('server')).toMatch(remedy);
    expect(JSON.stringify(findings.get('server'))).not.toContain('mac=');
  });

  test('a license server that cannot issue says why', async () => {
    const server = await TestServer.start({ tls: true });
    const { caCertificate } = await server.enrollment();
    expect(way(await at(server.url, caCertificate)).at(-1)).toBe('server ok');
    server.clock.time += 4 * 365 * 86_400;
    const findings = await at(server.url, caCertificate);
    expect(way(findings).at(-1)).toBe('server fault');
    expect(findings.said('server')).toMatch(/cannot issue licenses: .*certificate.* ended/);
    expect(findings.get('server')[0]?.what.zh).toMatch(/无法签发许可证：.*签发证书已到期/);
  });

  test('a license server: its clock is held against that of the device', async () => {
    const url = await serve((_request, response) => {
      response.setHeader('date', new Date(NOW * 1000).toUTCString()).end('{"status":"ok"}');
    });
    expect((await at(url, '', { now: NOW + 60 })).outcomes('clock')).toEqual(['ok']);
    const far = await at(url, '', { now: NOW + 86_400 });
    expect(far.outcomes('clock')).toEqual(['warning']);
    expect(far.said('clock')).toContain(
      "it says 2026-03-02T00:00:00Z, and the server's says 2026-03-01T00:00:00Z",
    );
    // Nobody's clock is believed who is no license server.
    const portal = await serve((_request, response) => {
      response.setHeader('date', new Date(0).toUTCString()).end('<html>');
    });
    expect((await at(portal)).outcomes('clock')).toEqual(['ok']);
  });
});

describe('a proxy', () => {
  /** One that lets through, or answers with a status of its own. */
  async function startProxy(status = 200) {
    const seen: string[] = [];
    const proxy = createTcpServer((client) => {
      client.on('error', () => {});
      client.once('data', (head) => {
        seen.push(head.toString());
        const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+)/.exec(head.toString()) ?? [];
        if (status !== 200) return void client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
        const upstream = connect(Number(port), host, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
        upstream.pipe(client).pipe(upstream);
        upstream.on('error', () => client.destroy());
        client.on('close', () => upstream.destroy());
      });
    });
    proxy.listen(0, '127.0.0.1');
    await new Promise((resolve) => proxy.once('listening', resolve));
    onTestFinished(() => void proxy.close());
    return { seen, url: `http://school:s3cret@127.0.0.1:${(proxy.address() as { port: number }).port}` };
  }

  test('that lets through is named, without its password, and the certificate looked at behind it', async () => {
    const proxy = await startProxy();
    const tls = await createTlsCertificates(['127.0.0.1']);
    const findings = await at(await serveTls(tls), tls.authority, { env: { https_proxy: proxy.url } });
    expect(way(findings)).toEqual(['dns ok', 'route ok', 'tls ok', 'server ok']);
    expect(findings.said('route')).toMatch(/through the proxy http:\/\/127\.0\.0\.1:\d+ /);
    expect(JSON.stringify(findings.all)).not.toContain('s3cret');
    expect(proxy.seen[0]).toMatch(/proxy-authorization: Basic c2Nob29sOnMzY3JldA==/i);
    const strange = await createTlsCertificates(['127.0.0.1']);
    const intercepted = await at(await serveTls(strange), tls.authority, { env: { https_proxy: proxy.url } });
    expect(way(intercepted)).toEqual(['dns ok', 'route ok', 'tls fault']);
  });

  test.each([
    [407, 'wants a name and a password'],
    [403, 'refuses with HTTP 403'],
  ])('that answers %i is told', async (status, words) => {
    const { url } = await startProxy(status);
    const findings = await at('https://license.example', '', { env: { https_proxy: url } });
    expect(way(findings)).toEqual(['dns ok', 'route fault']);
    expect(findings.said('route')).toContain(words);
    expect(findings.said('route')).toContain('no_proxy');
  });

  test('that is not there is told', async () => {
    const https_proxy = `http://127.0.0.1:${await closedPort()}`;
    const findings = await at('https://license.example', '', { env: { https_proxy } });
    expect(way(findings)).toEqual(['dns ok', 'route fault']);
    expect(findings.said('route')).toContain(https_proxy);
  });

  test.each<[string, Record<string, string>, string | undefined]>([
    ['https://a.example', {}, undefined],
    ['https://a.example', { https_proxy: 'http://p:1' }, 'p:1'],
    ['https://a.example', { HTTPS_PROXY: 'http://p:1' }, 'p:1'],
    ['https://a.example', { http_proxy: 'http://p:1' }, 'p:1'],
    ['http://a.example', { https_proxy: 'http://p:1' }, undefined],
    ['https://a.example', { https_proxy: 'http://p:1', no_proxy: 'example' }, undefined],
    ['https://a.example', { https_proxy: 'http://p:1', no_proxy: '.a.example' }, undefined],
    ['https://a.example', { https_proxy: 'http://p:1', no_proxy: '*.a.example' }, 'p:1'],
    ['https://ba.example', { https_proxy: 'http://p:1', no_proxy: 'a.example' }, 'p:1'],
    ['https://a.example', { https_proxy: 'http://p:1', no_proxy: 'a.example:444' }, 'p:1'],
    ['https://a.example', { https_proxy: 'http://p:1', NO_PROXY: 'b, a.example:443' }, undefined],
    ['https://a.example', { https_proxy: 'http://p:1', no_proxy: '*' }, undefined],
    ['https://[::1]:8443', { https_proxy: 'http://p:1', no_proxy: '[::1]:8443' }, undefined],
    ['https://[::1]:8443', { https_proxy: 'http://p:1', no_proxy: '::1' }, undefined],
  ])('of %s under %j is %s, as for the daemon', (url, env, proxy) => {
    expect(proxyOf(new URL(url), env)?.host).toBe(proxy);
  });
});

test('a name server that says nothing keeps nobody waiting', async () => {
  requireDebianProgram('unshare', 'util-linux');
  const address = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.53`;
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  await new Promise<void>((resolve) => socket.bind(53, address, resolve));
  const folder = new AgentFolder(new World());
  folder.enroll('https://license.example');
  const resolver = join(folder.path, 'resolv.conf');
  writeFileSync(resolver, `nameserver ${address}\n`);
  const program = `mount --bind ${resolver} /etc/resolv.conf && exec "$0" "$@"`;
  const args = [process.execPath, 'agent/main.ts', 'doctor', '--json', '--config', folder.configFile];
  const began = performance.now();
  const { stdout } = await run('unshare', ['--mount', 'sh', '-c', program, ...args]);
  expect(performance.now() - began).toBeLessThan(15_000);
  const { findings } = JSON.parse(stdout) as { findings: { id: string; outcome: string }[] };
  expect(findings.filter(({ id }) => id === 'dns').map(({ outcome }) => outcome)).toEqual(['fault']);
});

/** What a program says, whatever its exit code. */
function run(command: string, args: readonly string[]): Promise<{ stdout: string }> {
  return promisify(execFile)(command, args).catch((failed: { stdout: string }) => failed);
}
