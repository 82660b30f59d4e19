import { connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { everything } from '../support/everything.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

/** Call 1 as a path with query. */
function activePath({ world }: TestServer, licenseKey = 'SN-1', version = 'v2'): string {
  return `/dabiz/license/${version}/active?pid=${world.purchase.pid}&licenseKey=${licenseKey}&appid=${world.appId}`;
}

/** A request as an embedded client sends it: no more headers than it must. */
function requestOf(server: TestServer, path: string, { method = 'POST', headers = [] as string[] } = {}) {
  return [
    `${method} ${path} HTTP/1.1`,
    'Host: license.example',
    `Authorization: ${server.authorization}`,
    ...headers,
    '',
    '',
  ].join('\r\n');
}

const NO_BODY = { headers: ['Content-Length: 0'] };

describe('an answer', () => {
  test.each([
    ['a success', (server: TestServer) => activePath(server), 200],
    ['a refusal', (server: TestServer) => activePath(server, ''), 400],
    ['nothing there', () => '/dabiz/license/v9/active', 404],
  ])(
    '%s has Content-Length, counts it in bytes, is not chunked, and the connection goes on',
    async (_, path, status) => {
      const server = await TestServer.start();
      const connection = await RawConnection.open(server.url);
      for (let time = 1; time <= 2; time += 1) {
        connection.send(requestOf(server, path(server), NO_BODY));
        const answer = await connection.answer();
        expect(answer.status).toBe(status);
        expect(answer.headers).not.toHaveProperty('transfer-encoding');
        expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
        // The number, not the text: clients in C compare it.
        expect(answer.body).toMatch(new RegExp(`^\\{"code":${status},`));
        expect(connection.rest).toBe(0);
      }
    },
  );

  test('spells the names of its headers as the documents do, over TLS too, a malformed request included', async () => {
    for (const tls of [false, true]) {
      const server = await TestServer.start({ tls });
      const connection = await RawConnection.open(server.url);
      connection.send(`POST ${activePath(server)} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
      expect((await connection.answer()).names).toEqual(
        expect.arrayContaining(['Content-Type', 'Content-Length', 'WWW-Authenticate']),
      );
      connection.send('nonsense\r\n\r\n');
      const { names } = await connection.answer();
      expect(names).toEqual(['Content-Type', 'Content-Length', 'Connection']);
    }
  });

  test('is given to a client that names no Host', async () => {
    for (const tls of [false, true]) {
      const server = await TestServer.start({ tls });
      const connection = await RawConnection.open(server.url);
      const head = `POST ${activePath(server)} HTTP/1.1\r\nAuthorization: ${server.authorization}`;
      connection.send(`${head}\r\nContent-Length: 0\r\n\r\n`);
      expect((await connection.answer()).status).toBe(200);
    }
  });

  test('without credentials is a challenge, and who sends them then is served on the same connection', async () => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    connection.send(`POST ${activePath(server)} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`);
    const challenge = await connection.answer();
    expect([challenge.status, challenge.headers['www-authenticate']]).toEqual([401, 'Basic realm="license"']);
    connection.send(requestOf(server, activePath(server), NO_BODY));
    expect((await connection.answer()).status).toBe(200);
  });

  test('to HEAD has no body; OPTIONS and other methods are told what there is', async () => {
    const server = await TestServer.start();
    await server.activate('SN-1');
    const detail = `/dabiz/license/v2/detail?appid=${server.world.appId}&key=SN-1`;
    const head = await fetch(server.url + detail, {
      method: 'HEAD',
      headers: { authorization: server.authorization },
    });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(100);
    for (const method of ['OPTIONS', 'DELETE', 'PATCH']) {
      const { status, headers, body } = await server.call(method, activePath(server));
      expect([status, body.error, headers.get('allow')]).toEqual([405, 'method_not_allowed', 'POST']);
    }
    const legacy = await server.call('GET', `/dev/v3/apps/${server.world.appId}/licenses/activation`);
    expect([legacy.status, legacy.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('a POST is served', () => {
  test.each([
    ['with Content-Length: 0 and no content type', ['Content-Length: 0'], ''],
    ['with no Content-Length at all', [], ''],
    [
      'as a form without fields',
      ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 0'],
      '',
    ],
    [
      'as a form with fields',
      ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 3'],
      'a=b',
    ],
    ['as JSON without a body', ['Content-Type: application/json', 'Content-Length: 0'], ''],
    ['as JSON with an empty object', ['Content-Type: application/json', 'Content-Length: 2'], '{}'],
    ['with a body that means nothing', ['Content-Type: image/png', 'Content-Length: 1'], 'x'],
    ['in chunks', ['Transfer-Encoding: chunked'], '1\r\nx\r\n0\r\n\r\n'],
  ])('%s', async (_, headers, body) => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    connection.send(requestOf(server, activePath(server), { headers }) + body);
    expect((await connection.answer()).status).toBe(200);
  });

  test('not with a content type that is none: 415', async () => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    const headers = ['Content-Type: ;;;', 'Content-Length: 1'];
    connection.send(`${requestOf(server, activePath(server), { headers })}x`);
    const { status, body } = await connection.answer();
    expect([status, JSON.parse(body).error]).toEqual([415, 'unsupported_media_type']);
  });

  test('byte by byte', async () => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    for (const byte of Buffer.from(requestOf(server, activePath(server), NO_BODY))) {
      connection.send(Buffer.of(byte));
      await new Promise((turn) => setImmediate(turn));
    }
    expect((await connection.answer()).status).toBe(200);
  });

  test('twice in one write, and answered in order', async () => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    const detail = `/dabiz/license/v2/detail?appid=${server.world.appId}&key=nobody`;
    // The second one is decided sooner: it waits for no commit.
    connection.send(
      requestOf(server, activePath(server), NO_BODY) + requestOf(server, detail, { method: 'GET' }),
    );
    expect((await connection.answer()).status).toBe(200);
    expect((await connection.answer()).body).toContain('"error":"unknown_license"');
  });

  test('after 100 Continue, for a client that waits for it', async () => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    const headers = ['Expect: 100-continue', 'Content-Length: 2', 'Content-Type: application/json'];
    connection.send(requestOf(server, activePath(server), { headers }));
    expect((await connection.answer()).status).toBe(100);
    connection.send('{}');
    expect((await connection.answer()).status).toBe(200);
  });

  test('with Connection: close, which is done', async () => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    connection.send(
      requestOf(server, activePath(server), { headers: ['Content-Length: 0', 'Connection: close'] }),
    );
    const answer = await connection.answer();
    expect([answer.status, answer.headers['connection']]).toEqual([200, 'close']);
    await connection.closed();
  });

  test('over HTTP/1.0', async () => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    connection.send(
      `POST ${activePath(server)} HTTP/1.0\r\nAuthorization: ${server.authorization}\r\nContent-Length: 0\r\n\r\n`,
    );
    expect((await connection.answer()).status).toBe(200);
    await connection.closed();
  });
});

describe('over TLS', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken, and an answer is one record', async (version) => {
    const server = await TestServer.start({ tls: true });
    const records = await recordCounter(server.url);
    const connection = await RawConnection.open(records.url, { minVersion: version, maxVersion: version });
    const ask = async (path: string) => {
      connection.send(requestOf(server, path, NO_BODY));
      return (await connection.answer()).status;
    };
    // The first answer is behind the session tickets of TLS 1.3, which are records too.
    expect(await ask(activePath(server))).toBe(200);
    const before = records.count();
    expect(await ask(activePath(server))).toBe(200);
    expect(records.count() - before).toBe(1);
    expect(await ask(activePath(server, ''))).toBe(400);
    expect(records.count() - before).toBe(2);
    expect(await ask('/nowhere')).toBe(404);
    expect(records.count() - before).toBe(3);
  });

  test('older versions are refused', async () => {
    const server = await TestServer.start({ tls: true });
    const port = Number(new URL(server.url).port);
    const socket = connectTls({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    onTestFinished(() => void socket.destroy());
    const fault = await new Promise<Error>((resolve, reject) => {
      socket.once('error', resolve);
      socket.once('secureConnect', () => reject(new Error('TLS 1.1 was spoken')));
    });
    // An alert of the server, not a client that did not try.
    expect(fault.message).toMatch(/alert protocol version|tlsv1 alert/i);
  });

  /** A TCP proxy that counts the application-data records (RFC 8446 §5.1) which the server sends. */
  async function recordCounter(url: string): Promise<{ url: string; count(): number }> {
    let records = 0;
    const proxy = createServer((client) => {
      const upstream = connect(Number(new URL(url).port), '127.0.0.1');
      client.pipe(upstream);
      let pending = Buffer.alloc(0);
      upstream.on('data', (chunk: Buffer) => {
        pending = Buffer.concat([pending, chunk]);
        while (pending.length >= 5 && pending.length >= 5 + pending.readUInt16BE(3)) {
          if (pending[0] === 23) records += 1;
          pending = pending.subarray(5 + pending.readUInt16BE(3));
        }
        client.write(chunk);
      });
      for (const socket of [client, upstream]) socket.on('error', () => {});
      client.on('close', () => upstream.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void proxy.close());
    return { url: `https://127.0.0.1:${(proxy.address() as { port: number }).port}`, count: () => records };
  }
});

describe('what is no request', () => {
  test.each([
    ['not HTTP at all', 'hello\r\n\r\n', 'http_malformed'],
    ['a broken header', 'GET / HTTP/1.1\r\nno colon\r\n\r\n', 'http_malformed'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
      'http_malformed',
    ],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'http_malformed',
    ],
    [
      'headers of 20 KiB',
      `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`,
      'http_malformed',
    ],
    ['a path of 20 KiB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 'http_malformed'],
  ])('%s is answered in the envelope, and the connection ends', async (_, bytes, error) => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    connection.send(bytes);
    const { status, headers, body } = await connection.answer();
    expect([status, headers['connection']]).toEqual([400, 'close']);
    expect(JSON.parse(body)).toEqual({
      code: 400,
      error,
      message: expect.stringMatching(/^无法解析该 HTTP 请求：/),
      requestId: expect.any(String),
    });
    await connection.closed();
  });

  test('an expectation that nobody meets is answered in the envelope, in one piece', async () => {
    for (const tls of [false, true]) {
      const server = await TestServer.start(tls ? { tls } : {});
      const connection = await RawConnection.open(server.url);
      connection.send(
        requestOf(server, activePath(server), { headers: ['Expect: foo', 'Content-Length: 2'] }),
      );
      const { status, headers, body } = await connection.answer();
      expect([status, headers['connection'], headers['transfer-encoding']]).toEqual([
        417,
        'close',
        undefined,
      ]);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      expect(JSON.parse(body)).toEqual({
        code: 417,
        error: 'expectation_failed',
        message: expect.stringMatching(/Expect/),
        requestId: expect.any(String),
      });
      await connection.closed();
      const licenses = await server.store.reader.selectFrom('license').select('license_key').execute();
      expect(licenses).toEqual([]);
    }
  });

  test('a client that goes away in the middle leaves nothing behind', async () => {
    const server = await TestServer.start();
    const connection = await RawConnection.open(server.url);
    connection.send(`POST ${activePath(server)} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf`);
    connection.socket.destroy();
    expect((await server.activate('SN-2')).status).toBe(200);
    expect(await server.store.reader.selectFrom('license').select('license_key').execute()).toEqual([
      { license_key: 'SN-2' },
    ]);
  });
});

describe.each(ENGINES)('what strangers write into parameters, store in %s', (engine) => {
  test('is a clear 400, never a fault of ours, and changes nothing', async () => {
    const server = await TestServer.start({ engine });
    const { appId, purchase } = server.world;
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('app').set({ legacy_pid: purchase.pid }).where('app_id', '=', appId).execute(),
    );
    const good = `appid=${appId}&pid=${purchase.pid}&licenseKey=SN-1`;
    const long = 'x'.repeat(4000);
    const queries = [
      good.replace('SN-1', 'a%00b'),
      good.replace(purchase.pid, '%00'),
      good.replace(appId, '%00'),
      good.replace('SN-1', '%'),
      good.replace('SN-1', '%zz'),
      good.replace('SN-1', '%ED%A0%80'),
      good.replace('SN-1', '%FF'),
      good.replace('SN-1', long),
      good.replace(purchase.pid, long),
      good.replace(appId, long),
      good.replace('appid=', 'appid[]='),
      good.replace('appid=', 'appid%5B%5D='),
      `${good}&appid=${appId}`,
      `${good}&licenseKey=SN-2`,
      `${good}&pid=${purchase.pid}`,
      good.replace('SN-1', ''),
      good.replace('&licenseKey=SN-1', '&licenseKey'),
      'pid&licenseKey&appid',
      '',
      '&&&===',
    ];
    const before = await everything(server.store.reader);
    for (const query of queries) {
      const { status, body } = await server.call('POST', `/dabiz/license/v2/active?${query}`);
      expect([query, status, body.code]).toEqual([query, 400, 400]);
      expect([query, body.error]).toEqual([
        query,
        expect.toBeOneOf([
          'parameter_invalid',
          'parameter_missing',
          'license_key_invalid',
          'unknown_app',
          'unknown_pid',
        ]),
      ]);
    }
    for (const key of ['%00', 'a%00', long, '%', '']) {
      const { status } = await server.call('GET', `/dabiz/license/v2/detail?appid=${appId}&key=${key}`);
      expect([key, status]).toEqual([key, 400]);
    }
    for (const app of ['%00', '%', 'x'.repeat(90), `${appId}%00`, '%FF']) {
      const { status } = await server.call('GET', `/dev/v3/apps/${app}/licenses`);
      expect([app, status]).toEqual([app, expect.toBeOneOf([400, 404])]);
    }
    const activation = `/dev/v3/apps/${appId}/licenses/activation`;
    const bodies = [
      { credential: 'a\0b', custom: 'SN-1' },
      { credential: '\ud800', custom: 'SN-1' },
      { credential: 'x', custom: '\ud800' },
      { credential: 'x', custom: 'a\0' },
      { credential: 'x'.repeat(257), custom: 'SN-1' },
      { credential: '', custom: 'SN-1' },
      { credential: 7, custom: 'SN-1' },
      { credential: 'x', custom: 7 },
      { credential: 'x', custom: null },
      { credential: 'x' },
      { custom: 'SN-1' },
      { credential: 'x', custom: 'y'.repeat(129) },
      ['credential'],
      'text',
      7,
      null,
    ];
    for (const body of bodies) {
      const { status } = await server.post(activation, body);
      expect([JSON.stringify(body), status]).toEqual([JSON.stringify(body), 400]);
    }
    const texts = [
      '',
      '{',
      '{"credential":"x","custom":"SN-1"',
      '\u0000',
      '[]',
      'null',
      '{"credential":"x","custom":"SN-1"}}',
    ];
    for (const text of [...texts, Buffer.from('{"credential":"x","custom":"SN-\xff"}', 'latin1')]) {
      const headers = { authorization: server.authorization, 'content-type': 'application/json' };
      const response = await fetch(server.url + activation, { method: 'POST', headers, body: text });
      expect([String(text), response.status]).toEqual([String(text), 400]);
    }
    expect(await everything(server.store.reader)).toEqual(before);
  });

  test('unknown ones are ignored, whatever they hold', async () => {
    const server = await TestServer.start({ engine });
    const path = `${activePath(server)}&foo=bar&__proto__=x&constructor=y&toString=z&list[]=1&list[]=2`;
    expect((await server.call('POST', path)).status).toBe(200);
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('app').set({ legacy_pid: server.world.purchase.pid }).execute(),
    );
    const body = '{"credential":"x","custom":"SN-2","__proto__":{"a":1},"more":[{}]}';
    const headers = { authorization: server.authorization, 'content-type': 'application/json' };
    const response = await fetch(`${server.url}/dev/v3/apps/${server.world.appId}/licenses/activation`, {
      method: 'POST',
      headers,
      body,
    });
    expect(response.status).toBe(200);
  });
});
