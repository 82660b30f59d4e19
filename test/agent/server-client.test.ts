import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { LicenseError } from '#core/errors.ts';
import { createServerClient } from '../../agent/server-client.ts';
import { createTlsCertificates } from '../../server-stub/tls.ts';
import { World } from '../support/world.ts';
import { type Reply, SigningServer } from './support.ts';

/** What a detail says in English; its Chinese is looked at elsewhere. */
const words = (en: string) => ({ en, zh: expect.any(String) });

const send = createServerClient({ timeoutMs: 300, env: {} });

/** What comes of a request to servers that each do one thing. */
async function outcome(...replies: Reply[]) {
  const world = new World();
  const servers = await Promise.all(
    replies.map(async (reply) => {
      const server = await SigningServer.start(world);
      server.misbehave = () => reply;
      return server;
    }),
  );
  const enrollment = world.enrollment({ serverUrls: servers.map(({ url }) => url) });
  try {
    await send([await world.request()], enrollment, undefined);
  } catch (thrown) {
    if (thrown instanceof LicenseError) return [thrown.code, thrown.detail];
    throw thrown;
  }
  return 'answered';
}

test.each<[string, Reply, string, object]>([
  ['HTTP 403', { status: 403, body: 'no' }, 'server_answer_unusable', { problem: words('HTTP 403') }],
  [
    'a page of a portal',
    { status: 200, body: '<html>Log in</html>' },
    'server_answer_unusable',
    { problem: words('HTTP 200') },
  ],
  [
    'a redirect to a portal',
    { status: 302, body: '', headers: { location: 'http://x/' } },
    'server_answer_unusable',
    { problem: words('HTTP 302') },
  ],
  [
    'JSON of another kind',
    { status: 200, body: '{"code":1}' },
    'server_answer_unusable',
    { problem: words('HTTP 200') },
  ],
  [
    '10 MB of garbage',
    { status: 200, body: Buffer.alloc(10_000_000, 'x') },
    'server_answer_unusable',
    { problem: words('more than 262144 bytes') },
  ],
  [
    'a closed connection',
    'close',
    'server_unreachable',
    { problem: words('the connection was closed (UND_ERR_SOCKET)') },
  ],
  ['silence', 'hang', 'server_unreachable', { problem: words('timeout') }],
  ['HTTP 401', { status: 401, body: '{}' }, 'enrollment_rejected', {}],
  [
    "a server's own refusal",
    { status: 400, body: '{"code":1,"error":"document_malformed"}' },
    'server_answer_unusable',
    { problem: words('HTTP 400 document_malformed'), isRefused: true },
  ],
  [
    'a wish for patience',
    { status: 503, body: '', headers: { 'retry-after': '120' } },
    'server_answer_unusable',
    { problem: words('HTTP 503'), retryAfterSeconds: 120 },
  ],
])('%s', async (_, reply, code, detail) => {
  expect(await outcome(reply)).toEqual([code, detail]);
});

test('of several failures the one that says most is told', async () => {
  expect(await outcome('close', { status: 401, body: '' }, { status: 500, body: '' })).toEqual([
    'enrollment_rejected',
    {},
  ]);
});

test('a server that nobody listens at is out of reach', async () => {
  const world = new World();
  await expect(send([await world.request()], world.enrollment(), undefined)).rejects.toMatchObject({
    code: 'server_unreachable',
    detail: { problem: words('the connection was refused (ECONNREFUSED)') },
  });
});

test('the servers are asked in order, the one that answered last first', async () => {
  const world = new World();
  const [first, second] = [await SigningServer.start(world), await SigningServer.start(world)];
  first.misbehave = () => 'close';
  const enrollment = world.enrollment({ serverUrls: [first.url, second.url] });
  const { serverUrl } = await send([await world.request()], enrollment, undefined);
  expect(serverUrl).toBe(second.url);
  await send([await world.request()], enrollment, serverUrl);
  expect([first.requests.length, second.requests.length]).toEqual([1, 2]);
});

test('an address with a path and a slash at its end is right', async () => {
  const world = new World();
  const server = await SigningServer.start(world);
  const enrollment = world.enrollment({ serverUrls: [`${server.url}/`] });
  expect((await send([await world.request()], enrollment, undefined)).serverUrl).toBe(`${server.url}/`);
});

/** A server that answers by HTTPS, under an authority of its own. */
async function startHttps(world: World) {
  const tls = await createTlsCertificates(['127.0.0.1']);
  const answer = await world.tokenAnswer();
  const served = { requests: 0, url: '', authority: tls.authority };
  const server = createTlsServer({ key: tls.privateKey, cert: tls.certificate }, (_, response) => {
    served.requests += 1;
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  served.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return served;
}

test('HTTPS trusts the authority of the enrollment, and no other', async () => {
  const world = new World();
  const server = await startHttps(world);
  const { authority: another } = await createTlsCertificates(['127.0.0.1']);
  const under = async (caCertificate: string) =>
    send(
      [await world.request()],
      world.enrollment({ serverUrls: [server.url], caCertificate }),
      undefined,
    ).then(
      () => 'answered',
      ({ code }: LicenseError) => code,
    );
  expect([await under(server.authority), await under(another), await under('')]).toEqual([
    'answered',
    'server_unreachable',
    'server_unreachable',
  ]);
});

test('the proxy of the environment is used, the authority pinned through it, and NO_PROXY is heeded', async () => {
  const world = new World();
  const server = await startHttps(world);
  let proxied = 0;
  const proxy = createTcpServer((client) => {
    client.once('data', (head) => {
      proxied += 1;
      const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+)/.exec(head.toString()) ?? [];
      const upstream = connect(Number(port), host, () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      upstream.pipe(client).pipe(upstream);
      upstream.on('error', () => client.destroy());
    });
    client.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  const https_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const enrollment = world.enrollment({ serverUrls: [server.url], caCertificate: server.authority });
  const through = (env: Record<string, string>) => createServerClient({ timeoutMs: 5000, env });

  await through({ https_proxy })([await world.request()], enrollment, undefined);
  expect([proxied, server.requests]).toEqual([1, 1]);
  await through({ https_proxy, no_proxy: '127.0.0.1' })([await world.request()], enrollment, undefined);
  expect([proxied, server.requests]).toEqual([1, 2]);
  const { authority: caCertificate } = await createTlsCertificates(['127.0.0.1']);
  const strange = { ...enrollment, caCertificate };
  await expect(through({ https_proxy })([await world.request()], strange, undefined)).rejects.toMatchObject({
    code: 'server_unreachable',
  });
});
