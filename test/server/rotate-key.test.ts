import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#core/clock.ts';
import { verifyApplication } from '#core/documents/application.ts';
import { type IssuerCertificate, issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { licenseCertDocument } from '#core/documents/license-cert.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { usageReportDocument, verifyUsageReport } from '#core/documents/usage-report.ts';
import { LicenseError } from '#core/errors.ts';
import { readKeyFile } from '#core/host/key-file.ts';
import { verificationKey } from '#core/keys.ts';
import { localDay } from '#core/local-time.ts';
import { loadInstallation } from '../../server-stub/installation.ts';
import { AnswerDesk } from '../../server-stub/licensing/answer-desk.ts';
import { createEnrollment } from '../../server-stub/licensing/enrollments.ts';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { createReport } from '../../server-stub/licensing/report/create-report.ts';
import { pendingServerKey, promoteServerKey } from '../../server-stub/server-keys.ts';
import { settleKeys } from '../../server-stub/settle-keys.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { TestDevice } from '../support/device.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runHere } from '../support/run-here.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';
import { createServerFolder } from '../support/server-folder.ts';

/** A server's folder, a device of it, and the vendor's word on its keys. */
async function rotated() {
  const folder = await createServerFolder();
  const { world, stateDir } = folder;
  const files = temporaryFolder();
  const run = (...args: string[]) =>
    runHere('server', { args: ['--json', ...args], env: { LICENSE_SERVER_STATE_DIR: stateDir } });
  const now = systemClock.now();
  const installation = loadInstallation(folder);
  const store = await openStore(folder.store);
  const enrollment = await store.write(now, (transaction) =>
    createEnrollment(
      transaction,
      {
        appId: world.appId,
        pid: world.purchase.pid,
        maxActivations: 10,
        expiresAt: now + 86_400,
        actor: 'operator:test',
      },
      {
        serverId: installation.serverId,
        caCertificate: '',
        rootThumbprint: world.root.thumbprint,
        serverUrls: ['https://x.example'],
      },
    ),
  );
  await store.close();
  const device = new TestDevice({ world } as TestServer, enrollment, 'SN-1');
  /** The device asks by file; each call as a server process of its own, or as one that runs on. */
  const answerer = async () => {
    const opened = await openStore(folder.store);
    const desk = new AnswerDesk(opened, systemClock, loadInstallation(folder));
    return {
      ask: async (purpose: 'activate' | 'refresh') => {
        const [answered] = await desk.answer([await device.request({ purpose })], 'test');
        if (answered === undefined || answered.answer instanceof LicenseError) throw answered?.answer;
        const verified = await device.verify(answered.answer);
        const { cnf, serial } = issuerCertificateDocument.parse(answered.answer.issuerCertificate).claims;
        return { kind: verified.kind, kid: verificationKey(cnf.jwk).thumbprint, serial };
      },
      close: () => opened.close(),
    };
  };
  const application = join(files, 'application.jwt');
  const certificate = async (jwk: object, serial: number, changes: Partial<IssuerCertificate> = {}) => {
    const file = join(files, `certificate-${serial}.jwt`);
    const claims = {
      sub: installation.serverId,
      cid: world.cid,
      cnf: { jwk },
      serial,
      iat: now,
      nbf: now - 86_400,
      exp: now + 3_000_000,
      ...changes,
    };
    writeFileSync(file, await issuerCertificateDocument.sign(claims as never, world.root));
    return file;
  };
  return { folder, world, stateDir, run, answerer, application, certificate, installation };
}

describe('license-server rotate-key', () => {
  test('devices go on through the change of the key, with a server that runs all the while', async () => {
    const { run, answerer, application, certificate, stateDir, world, installation } = await rotated();
    const running = await answerer();
    const old = installation.key.thumbprint;
    expect(await running.ask('activate')).toMatchObject({ kind: 'token', kid: old });
    expect((await run('rotate-key', '--cid', world.cid, '--out', application)).code).toBe(0);
    expect(statSync(join(stateDir, 'server-key.next.pem')).mode & 0o777).toBe(0o600);
    // Made, and not certified yet: nothing changed for anybody.
    expect(await running.ask('refresh')).toMatchObject({ kid: old });

    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    const next = verificationKey(cnf.jwk).thumbprint;
    expect(next).not.toBe(old);
    expect((await run('import', await certificate(cnf.jwk, 7))).code).toBe(0);
    expect(await running.ask('refresh')).toEqual({ kind: 'token', kid: next, serial: 7 });
    const restarted = await answerer();
    expect(await restarted.ask('refresh')).toEqual({ kind: 'token', kid: next, serial: 7 });
    await Promise.all([running.close(), restarted.close()]);

    expect(existsSync(join(stateDir, 'server-key.next.pem'))).toBe(false);
    expect(readKeyFile(join(stateDir, 'server-key.pem')).thumbprint).toBe(next);
    expect(readKeyFile(join(stateDir, 'server-key.previous.pem')).thumbprint).toBe(old);
  });

  test('a certificate that begins later is used from then on, and the key before until then', async () => {
    const { run, folder, application, certificate, stateDir, world, installation } = await rotated();
    const old = installation.key.thumbprint;
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    const next = verificationKey(cnf.jwk).thumbprint;
    const begins = systemClock.now() + 86_400;
    expect((await run('import', await certificate(cnf.jwk, 7, { nbf: begins }))).code).toBe(0);
    expect(existsSync(join(stateDir, 'server-key.next.pem'))).toBe(true);
    const server = await TestServer.start({ folder, time: systemClock.now() });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const kidAt = async (time: number) => {
      server.clock.time = time;
      const { body } = await device.send(await device.request({ purpose: 'activate' }));
      await device.verify(body);
      const { jwk } = issuerCertificateDocument.parse(body.issuerCertificate).claims.cnf;
      return verificationKey(jwk).thumbprint;
    };
    expect(await kidAt(begins - 1)).toBe(old);
    expect(await kidAt(begins)).toBe(next);
    await server.stop();
    // Started again, it puts the key in its place.
    const later = await TestServer.start({ folder, time: begins });
    expect((await fetch(`${later.url}/readyz`)).status).toBe(200);
    expect(readKeyFile(join(stateDir, 'server-key.pem')).thumbprint).toBe(next);
  });

  test('an answer that is given again stands under a certificate of its own time', async () => {
    const { run, folder, application, certificate, world } = await rotated();
    const server = await TestServer.start({ folder, time: systemClock.now() });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const decided = systemClock.now();
    server.clock.time = decided;
    const request = await device.request({ purpose: 'activate' });
    const first = (await device.send(request)).body;
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    await run('import', await certificate(cnf.jwk, 7, { nbf: decided + 60 }));
    server.clock.time = decided + 120;
    const again = (await device.send(request)).body;
    expect((await device.verify(again)).kind).toBe('token');
    expect(again.issuerCertificate).toBe(first.issuerCertificate);
    // What is new stands under the new one.
    const { body } = await device.send(await device.request({ purpose: 'refresh' }));
    expect(issuerCertificateDocument.parse(body.issuerCertificate).claims.serial).toBe(7);
  });

  test('the cert of older device tools is signed with the key of the certificate in force', async () => {
    const { run, folder, application, certificate, world, installation, stateDir } = await rotated();
    await run('app', 'set', world.appId, '--legacy-pid', world.purchase.pid);
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    // Another company that has its old certificate still keeps the old key where it is.
    const before = await TestServer.start({ folder });
    await secondCompany(before);
    await before.stop();
    await run('import', await certificate(cnf.jwk, 7));
    expect(readKeyFile(join(stateDir, 'server-key.pem')).thumbprint).toBe(installation.key.thumbprint);
    const server = await TestServer.start({ folder, time: systemClock.now() });
    const path = `/dev/v3/apps/${world.appId}/licenses/activation`;
    const { body } = await server.post(path, { credential: 'x', custom: 'SN-1' });
    const { kid } = licenseCertDocument.parse((body as unknown as { cert: string }).cert);
    expect(kid).toBe(verificationKey(cnf.jwk).thumbprint);
    expect(kid).not.toBe(installation.key.thumbprint);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  });

  test('a server without the key of its certificate says so where it is asked whether it is ready', async () => {
    const { run, folder, application, certificate, stateDir, world } = await rotated();
    const key = readFileSync(join(stateDir, 'server-key.pem'));
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    await run('import', await certificate(cnf.jwk, 7));
    writeFileSync(join(stateDir, 'server-key.pem'), key);
    const server = await TestServer.start({ folder, time: systemClock.now() });
    const ready = await fetch(`${server.url}/readyz`, { headers: { 'accept-language': 'en' } });
    expect(ready.status).toBe(503);
    expect(JSON.stringify(await ready.json())).toContain('signing key');
  });

  test('an application that is made after the change names the new key', async () => {
    const { run, application, certificate, world, stateDir } = await rotated();
    const apply = async (name: string) => {
      const out = join(stateDir, name);
      await run(
        ...['apply', '--cid', world.cid, '--name', 'School', '--app', `Classroom=${world.appId}`],
        ...['--purchase', 'validity=1y,count=1', '--out', out],
      );
      return verificationKey((await verifyApplication(readFileSync(out, 'utf8'))).cnf.jwk).thumbprint;
    };
    const old = await apply('before.jwt');
    await run('rotate-key', '--cid', world.cid, '--out', application);
    expect(await apply('between.jwt')).toBe(old);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    await run('import', await certificate(cnf.jwk, 7));
    expect(await apply('after.jwt')).toBe(verificationKey(cnf.jwk).thumbprint);
  });

  test('asked twice it is the same key; a certificate for a key of nobody is refused', async () => {
    const { run, application, certificate, world } = await rotated();
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const again = `${application}.2`;
    await run('rotate-key', '--cid', world.cid, '--out', again);
    const jwkOf = async (file: string) => (await verifyApplication(readFileSync(file, 'utf8'))).cnf.jwk;
    expect(await jwkOf(again)).toEqual(await jwkOf(application));
    const refused = await run('import', await certificate(world.deviceKey.jwk, 8));
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: 'certificate_other_key' });
    const unknown = await run('rotate-key', '--cid', '1', '--out', `${application}.3`);
    expect(JSON.parse(unknown.stdout)).toMatchObject({ error: 'unknown_company' });
    expect(JSON.parse((await run('rotate-key', '--cid', world.cid, '--out', again)).stdout)).toMatchObject({
      error: 'file_exists',
    });
  });

  test('a server of the same database without the next key says which file it lacks', async () => {
    const { run, answerer, application, certificate, stateDir, world } = await rotated();
    const key = readFileSync(join(stateDir, 'server-key.pem'));
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    await run('import', await certificate(cnf.jwk, 7));
    writeFileSync(join(stateDir, 'server-key.pem'), key);
    const other = await answerer();
    await expect(other.ask('activate')).rejects.toMatchObject({ code: 'signing_key_missing' });
    await other.close();
  });

  test('reports of before and after the change verify under the one root', async () => {
    const { run, application, certificate, world, stateDir } = await rotated();
    const today = localDay(systemClock.now(), 'Asia/Shanghai');
    const report = async (name: string) => {
      const file = join(stateDir, name);
      const made = await run('report', '--from', today, '--to', today, '--out', file);
      if (made.code !== 0) throw new Error(made.stdout);
      return verifyUsageReport(readFileSync(file, 'utf8').trim(), [world.root]);
    };
    await report('before.jwt');
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    await report('between.jwt');
    await run('import', await certificate(cnf.jwk, 7));
    expect((await report('after.jwt')).companies).toHaveLength(1);
  });

  test('an answer that is given again stands under the newest certificate where that covers its time', async () => {
    const { run, folder, application, certificate, world } = await rotated();
    const server = await TestServer.start({ folder, time: systemClock.now() });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const request = await device.request({ purpose: 'activate' });
    const first = (await device.send(request)).body;
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    await run('import', await certificate(cnf.jwk, 7));
    const again = (await device.send(request)).body;
    expect((await device.verify(again)).kind).toBe('token');
    expect(issuerCertificateDocument.parse(again.issuerCertificate).claims.serial).toBe(7);
    // The same word, under the other key.
    expect(licenseTokenDocument.parse(again.document).claims).toEqual(
      licenseTokenDocument.parse(first.document).claims,
    );
  });

  test('an answer is given again after the key was changed twice', async () => {
    const { run, folder, application, certificate, world } = await rotated();
    const server = await TestServer.start({ folder, time: systemClock.now() });
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    const decided = systemClock.now();
    server.clock.time = decided;
    const request = await device.request({ purpose: 'activate' });
    await device.send(request);
    // Both changes were made by certificates that begin later than the answer, so that neither covers it.
    for (const serial of [7, 8]) {
      const out = `${application}.${serial}`;
      await run('rotate-key', '--cid', world.cid, '--out', out);
      const { cnf } = await verifyApplication(readFileSync(out, 'utf8'));
      const file = await certificate(cnf.jwk, serial, { nbf: decided + serial });
      expect((await run('import', file)).code).toBe(0);
      await settleKeys(server.store, folder.stateDir, decided + serial);
    }
    await server.stop();
    const restarted = await TestServer.start({ folder, time: decided + 120 });
    const later = new TestDevice(restarted, device.enrollment, 'SN-1', device.fingerprint, device.key);
    expect((await later.verify((await later.send(request)).body)).kind).toBe('token');
  });

  test('a company that has the new key applies with it while another has the old one still', async () => {
    const { run, folder, application, certificate, world, stateDir, installation } = await rotated();
    const apply = async (cid: string) => {
      const out = join(stateDir, `apply-${cid}.jwt`);
      const args = ['--cid', cid, '--name', 'School', '--app', 'Classroom', '--out', out];
      expect((await run('apply', ...args, '--purchase', 'validity=1y,count=1')).code).toBe(0);
      return verificationKey((await verifyApplication(readFileSync(out, 'utf8'))).cnf.jwk).thumbprint;
    };
    const before = await TestServer.start({ folder });
    await secondCompany(before, '999999');
    await before.stop();
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    await run('import', await certificate(cnf.jwk, 7));
    const next = verificationKey(cnf.jwk).thumbprint;
    expect(await apply(world.cid)).toBe(next);
    expect(await apply('999999')).toBe(installation.key.thumbprint);
    // A company that is new to the server: with the key that the vendor certified last.
    expect(await apply('111111')).toBe(next);
  });

  test('where the new key came into force meanwhile, the next wish is for another one', async () => {
    const { run, folder, application, certificate, world, stateDir } = await rotated();
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    // As on another server of the same database: the certificate is there, and nothing was settled here.
    const store = await openStore(folder.store);
    const document = readFileSync(await certificate(cnf.jwk, 7), 'utf8');
    await store.write(systemClock.now(), (transaction) =>
      importCertificate(transaction, document, [world.root], loadInstallation(folder), 'operator:test'),
    );
    await store.close();
    const again = `${application}.2`;
    await run('rotate-key', '--cid', world.cid, '--out', again);
    const wished = (await verifyApplication(readFileSync(again, 'utf8'))).cnf.jwk;
    expect(wished).not.toEqual(cnf.jwk);
    expect(readKeyFile(join(stateDir, 'server-key.pem')).thumbprint).toBe(
      verificationKey(cnf.jwk).thumbprint,
    );
  });

  test('two processes that put the key in its place at once lose none', async () => {
    const { run, application, world, stateDir, installation } = await rotated();
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const next = pendingServerKey(stateDir);
    if (next === undefined) throw new Error('no key was made');
    // The second one had seen the next key too.
    promoteServerKey(stateDir, next);
    promoteServerKey(stateDir, next);
    expect(readKeyFile(join(stateDir, 'server-key.pem')).thumbprint).toBe(next.thumbprint);
    expect(readKeyFile(join(stateDir, 'server-key.previous.pem')).thumbprint).toBe(
      installation.key.thumbprint,
    );
  });

  test('a report is signed with the new key where the certificate for the old one has ended', async () => {
    const { run, folder, application, certificate, world, installation } = await rotated();
    const now = systemClock.now();
    await run('import', await certificate(installation.key.jwk, 6));
    const server = await TestServer.start({ folder, time: now });
    await secondCompany(server, '999999');
    await run('rotate-key', '--cid', world.cid, '--out', application);
    const { cnf } = await verifyApplication(readFileSync(application, 'utf8'));
    await run('import', await certificate(cnf.jwk, 7, { exp: now + 10 * 365 * 86_400 }));
    const later = now + 5 * 365 * 86_400;
    server.clock.time = later;
    const day = localDay(later - 86_400, 'UTC');
    const { document } = await createReport(
      server.store,
      loadInstallation(folder),
      [world.root],
      { fromDay: day, toDay: day, zone: 'UTC', cid: world.cid, actor: 'operator:test' },
      later,
    );
    expect(usageReportDocument.parse(document).kid).toBe(verificationKey(cnf.jwk).thumbprint);
  });
});
