import { describe, expect, test } from 'vitest';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { loadInstallation } from '../../server-stub/installation.ts';
import { importDocument } from '../../server-stub/licensing/import-document.ts';
import { vendorRoots } from '../../server-stub/licensing/root-chain.ts';
import { signSuccession } from '../../server-stub/vendor/sign-succession.ts';
import { TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';
import { NOW, World } from '../support/world.ts';

endClusterAfterAll();

/** A server, and a vendor that replaces its root. */
async function server(engine: (typeof ENGINES)[number]) {
  const running = await TestServer.start({ engine });
  const { world, store } = running;
  const installation = loadInstallation(running.folder);
  const give = (document: string) =>
    store.write(NOW, (transaction) =>
      importDocument(
        transaction,
        document,
        { where: 'file', issuer: installation, pinned: installation.roots },
        'operator:test',
      ),
    );
  const next = new World();
  const { roots } = await signSuccession(world.roots, world, next, NOW);
  const certificate = (serial: number) =>
    issuerCertificateDocument.sign(
      {
        ...{ sub: world.serverId, cid: world.cid, cnf: { jwk: world.serverKey.jwk }, serial },
        ...{ iat: NOW, nbf: NOW - 86_400, exp: NOW + 86_400 * 365 },
      },
      next.root,
    );
  const device = new TestDevice(running, await running.enrollment(), 'SN-1');
  const ask = async (purpose: 'activate' | 'refresh') => {
    const { body } = await device.send(await device.request({ purpose }));
    await device.verify(body);
    return body;
  };
  return { world, store, give, next, roots, certificate, ask, installation };
}

describe.each(ENGINES)('the vendor root is replaced (%s)', (engine) => {
  test('devices are led on exactly when the certificate is under the new root; the trail tells of it', async () => {
    const { store, give, next, roots, certificate, ask, world } = await server(engine);
    expect((await ask('activate')).rootSuccession).toBeUndefined();
    expect(await give(JSON.stringify(roots))).toEqual({
      ...{ kind: 'roots', version: 2, root: next.root.thumbprint },
      ...{ waiting: [world.cid], changed: true },
    });
    expect((await ask('refresh')).rootSuccession).toBeUndefined();
    expect(await give(await certificate(50))).toMatchObject({ kind: 'certificate', changed: true });
    expect((await ask('refresh')).rootSuccession).toEqual(roots.rootSuccession);
    expect(await give(JSON.stringify(roots))).toMatchObject({ waiting: [], changed: false });
    const told = await store.reader
      .selectFrom('audit')
      .select(['action', 'subject', 'detail'])
      .where('action', '=', 'roots.import')
      .execute();
    expect(told).toEqual([
      { action: 'roots.import', subject: '2', detail: JSON.stringify({ root: next.root.thumbprint }) },
    ]);
  });

  test('what the replaced root signs is not taken in any more, what it signed stays', async () => {
    const { give, roots, certificate, world, ask } = await server(engine);
    const [late, lateCertificate] = [await world.grant(), await world.certificate({ serial: 60 })];
    await give(JSON.stringify(roots));
    await give(await certificate(50));
    await throwsWithCode(give(late), 'root_succeeded');
    await throwsWithCode(give(lateCertificate), 'root_succeeded');
    // Sold under the old root, and handed out under the new one.
    expect((await ask('activate')).terms).toHaveLength(1);
  });

  test("another vendor's roots file, and one whose succession does not hold, change nothing", async () => {
    const { give, store, roots, world, installation, next } = await server(engine);
    await throwsWithCode(give(new World().rootsFile), 'vendor_roots_other');
    await throwsWithCode(
      give(JSON.stringify({ ...roots, root: new World().root.jwk })),
      'vendor_roots_other',
    );
    await throwsWithCode(
      give(JSON.stringify({ ...roots, spare: new World().spare.jwk })),
      'vendor_roots_other',
    );
    const foreign = await signSuccession(new World().roots, new World(), next, NOW).catch(() => undefined);
    expect(foreign).toBeUndefined();
    const link = roots.rootSuccession?.[0];
    const chained = (one: object) => give(JSON.stringify({ ...roots, rootSuccession: [one] }));
    await throwsWithCode(chained({ root: link?.spare, spare: link?.root }), 'root_succession_invalid');
    await throwsWithCode(chained({ root: 'a.b.c', spare: 'a.b.c' }), 'vendor_roots_malformed');
    await throwsWithCode(give('{"version":2}'), 'vendor_roots_malformed');
    expect((await vendorRoots(store.reader, installation.roots)).root.thumbprint).toBe(world.root.thumbprint);
  });
});
