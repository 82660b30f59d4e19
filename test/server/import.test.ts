import { describe, expect, test } from 'vitest';
import { newAppId, newId } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { importGrant } from '../../server-stub/licensing/import-grant.ts';
import { TestDevice } from '../support/device.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';
import { NOW } from '../support/world.ts';

const importInto = (server: TestServer, document: string) =>
  server.store.write(NOW, (transaction) =>
    importGrant(transaction, document, [server.world.root], server.world.serverId, 'operator:test'),
  );

async function pools(server: TestServer): Promise<Record<string, [granted: number, used: number]>> {
  const rows = await server.store.reader.selectFrom('quota').selectAll().execute();
  return Object.fromEntries(rows.map(({ app_id, granted, used }) => [app_id || 'shared', [granted, used]]));
}

/** Everything that an import could change, to show that a refused one changed nothing. */
async function everything(server: TestServer): Promise<unknown> {
  const { reader } = server.store;
  const tables = [
    'company',
    'app',
    'vendor_grant',
    'terms',
    'quota',
    'license',
    'audit',
    'issuer_certificate',
  ] as const;
  return Promise.all(tables.map((table) => reader.selectFrom(table).selectAll().execute()));
}

describe('grants', () => {
  test('a grant imported twice counts once', async () => {
    const server = await TestServer.start({ lines: () => [] });
    const grant = await server.world.grant();
    expect(await importInto(server, grant)).toMatchObject({ changed: true });
    const before = await everything(server);
    expect(await importInto(server, grant)).toMatchObject({ changed: false });
    expect(await everything(server)).toEqual(before);
    expect(await pools(server)).toEqual({ shared: [100, 0] });
  });

  test('two grants of one PID add up; a line for one App is its own allocation', async () => {
    const server = await TestServer.start();
    const { purchase, appId } = server.world;
    await importInto(
      server,
      await server.world.grant({}, [{ ...purchase, termsId: newId(), count: 7, appId }]),
    );
    expect(await pools(server)).toEqual({ shared: [100, 0], [appId]: [7, 0] });
  });

  test('an App drains its own allocation first, then the shared pool; each license stands on the line it used', async () => {
    const server = await TestServer.start({
      lines: ({ purchase, appId }) => [
        { ...purchase, count: 1 },
        { ...purchase, termsId: newId(), count: 1, appId },
      ],
    });
    const { appId, otherAppId } = server.world;
    await server.activate('SN-1');
    expect(await pools(server)).toEqual({ shared: [1, 0], [appId]: [1, 1] });
    await server.activate('SN-2');
    expect(await pools(server)).toEqual({ shared: [1, 1], [appId]: [1, 1] });
    expect((await server.activate('SN-3')).body.error).toBe('quota_exhausted');
    expect((await server.activate('SN-3', { appId: otherAppId })).body.error).toBe('quota_exhausted');
    const lines = await server.store.reader.selectFrom('terms').select('used').execute();
    expect(lines.map(({ used }) => used)).toEqual([1, 1]);
  });

  test.each<[string, (server: TestServer) => Promise<string>, Parameters<typeof throwsWithCode>[1]]>([
    [
      'of another vendor',
      ({ world }) => world.grant({}, undefined, generateSigningKey()),
      'issuer_untrusted',
    ],
    ['for another server', ({ world }) => world.grant({ aud: newId() }), 'grant_other_server'],
    [
      'with a line of another company',
      ({ world }) => world.grant({}, [{ ...world.purchase, cid: '1' }]),
      'grant_inconsistent',
    ],
    [
      'with a line for an App it does not enable',
      ({ world }) => world.grant({}, [{ ...world.purchase, appId: newAppId() }]),
      'grant_inconsistent',
    ],
    [
      'with a PID that does not follow from its SKU',
      ({ world }) => world.grant({}, [{ ...world.purchase, pid: newId() }]),
      'terms_inconsistent',
    ],
    ['with a line that another grant brought', ({ world }) => world.grant(), 'grant_conflict'],
    [
      'that replaces one nobody imported',
      ({ world }) => world.grant({ replaces: newId() }, []),
      'grant_replaces_unknown',
    ],
  ])('a grant %s is refused and changes nothing', async (_, makeGrant, code) => {
    const server = await TestServer.start();
    const before = await everything(server);
    await throwsWithCode(importInto(server, await makeGrant(server)), code);
    expect(await everything(server)).toEqual(before);
  });

  test('an App of one company cannot be taken by a grant of another', async () => {
    const server = await TestServer.start();
    const grant = await server.world.grant({ cid: '999', name: 'Other School' }, []);
    await throwsWithCode(importInto(server, grant), 'grant_conflict');
  });
});

describe('a grant that replaces an earlier one', () => {
  const firstGrant = async (server: TestServer): Promise<string> =>
    (await server.store.reader.selectFrom('vendor_grant').select('grant_id').executeTakeFirstOrThrow())
      .grant_id;

  test('takes its place: quota follows, licenses stand on the new line and devices get its terms', async () => {
    const server = await TestServer.start({ lines: ({ purchase }) => [{ ...purchase, count: 2 }] });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await device.ask();
    await server.activate('SN-2');
    const renewed = { ...server.world.purchase, termsId: newId(), count: 5, tokenLifeSeconds: 3600 };
    await importInto(server, await server.world.grant({ replaces: await firstGrant(server) }, [renewed]));
    expect(await pools(server)).toEqual({ shared: [5, 2] });
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({
      token: { termsId: renewed.termsId, exp: NOW + 3600 },
    });
    expect((await server.activate('SN-3')).status).toBe(200);
    const current = await server.store.reader
      .selectFrom('terms')
      .select('used')
      .where('withdrawn', '=', 0)
      .execute();
    expect(current).toEqual([{ used: 3 }]);
  });

  test('is refused below what is used, and twice', async () => {
    const server = await TestServer.start({ lines: ({ purchase }) => [{ ...purchase, count: 3 }] });
    for (const key of ['SN-1', 'SN-2']) await server.activate(key);
    const before = await everything(server);
    const replaces = await firstGrant(server);
    const tooSmall = await server.world.grant({ replaces }, [
      { ...server.world.purchase, termsId: newId(), count: 1 },
    ]);
    const error = await throwsWithCode(importInto(server, tooSmall), 'grant_below_used');
    expect(error.detail).toMatchObject({ granted: 1, used: 2 });
    expect(await everything(server)).toEqual(before);

    const line = { ...server.world.purchase, termsId: newId(), count: 2 };
    await importInto(server, await server.world.grant({ replaces }, [line]));
    const second = await server.world.grant({ replaces }, [{ ...line, termsId: newId() }]);
    await throwsWithCode(importInto(server, second), 'grant_replaces_unknown');
  });
});

describe('issuer certificates', () => {
  const importInto = (server: TestServer, document: string) => {
    const { serverId, serverKey, root } = server.world;
    return server.store.write(NOW, (transaction) =>
      importCertificate(transaction, document, [root], { serverId, key: serverKey }, 'operator:test'),
    );
  };

  test('serials only rise; the newest is used from then on', async () => {
    const server = await TestServer.start();
    const second = await server.world.certificate({ serial: 2 });
    expect(await importInto(server, second)).toMatchObject({ changed: true, serial: 2 });
    expect(await importInto(server, second)).toMatchObject({ changed: false });
    await throwsWithCode(
      importInto(server, await server.world.certificate({ serial: 1, exp: NOW + 1 })),
      'issuer_serial_old',
    );
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    expect(await device.ask()).toMatchObject({ serial: 2 });
  });

  test.each<[string, (server: TestServer) => Promise<string>, Parameters<typeof throwsWithCode>[1]]>([
    [
      'another vendor',
      ({ world }) => world.certificate({ serial: 9 }, generateSigningKey()),
      'issuer_untrusted',
    ],
    [
      'another server',
      ({ world }) => world.certificate({ serial: 9, sub: newId() }),
      'certificate_other_key',
    ],
    [
      'another key',
      ({ world }) => world.certificate({ serial: 9, cnf: { jwk: generateSigningKey().jwk } }),
      'certificate_other_key',
    ],
  ])('one of %s is refused', async (_, make, code) => {
    const server = await TestServer.start();
    const before = await everything(server);
    await throwsWithCode(importInto(server, await make(server)), code);
    expect(await everything(server)).toEqual(before);
  });
});
