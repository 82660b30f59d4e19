import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '#core/clock.ts';
import { verifyApplication } from '#core/documents/application.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { verifyUsageReport } from '#core/documents/usage-report.ts';
import { LicenseError } from '#core/errors.ts';
import { readKeyFile } from '#core/host/key-file.ts';
import { verificationKey } from '#core/keys.ts';
import { localDay } from '#core/local-time.ts';
import { loadInstallation } from '../../server-stub/installation.ts';
import { AnswerDesk } from '../../server-stub/licensing/answer-desk.ts';
import { createEnrollment } from '../../server-stub/licensing/enrollments.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { TestDevice } from '../support/device.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runHere } from '../support/run-here.ts';
import type { TestServer } from '../support/server.ts';
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
  const certificate = async (jwk: object, serial: number, sub = installation.serverId) => {
    const file = join(files, `certificate-${serial}.jwt`);
    const claims = {
      sub,
      cid: world.cid,
      cnf: { jwk },
      serial,
      iat: now,
      nbf: now - 86_400,
      exp: now + 3_000_000,
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
});
