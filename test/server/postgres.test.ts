import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LicenseError, messageOf } from '#core/errors.ts';
import { initialize } from '../../server-stub/installation.ts';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { openStore } from '../../server-stub/store/database.ts';
import type { Schema } from '../../server-stub/store/schema.ts';
import { createTlsCertificates } from '../../server-stub/tls.ts';
import { endClusterAfterAll, testCluster } from '../support/engines.ts';
import { temporaryFolder } from '../support/folder.ts';
import { PostgresCluster } from '../support/postgres.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';

endClusterAfterAll();

describe('a store in PostgreSQL', () => {
  test('is answered 503 while the database is down, and goes on by itself when it is back', async () => {
    const server = await TestServer.start({ engine: 'postgres' });
    const { body } = await server.activate('SN-1');
    testCluster().crash();
    try {
      for (const down of [await server.activate('SN-2'), await server.detail('SN-1')]) {
        expect([down.status, down.body.error]).toEqual([503, 'store_unreachable']);
        expect(down.headers.get('retry-after')).toBe('5');
        expect(down.body.message).toBe(messageOf(new LicenseError('store_unavailable'), 'zh'));
      }
      expect(await server.call('GET', '/readyz')).toMatchObject({ status: 503 });
      expect(await server.call('GET', '/healthz')).toMatchObject({ status: 200 });
    } finally {
      testCluster().startAgain();
    }
    expect((await server.activate('SN-1')).body).toEqual({ ...body, requestId: undefined });
    expect((await server.activate('SN-2')).status).toBe(200);
    expect((await verifyTrail(server.store.reader, server.world.cid)).brokenAt).toBeUndefined();
  });

  test('a database without our tables is not taken for an empty store', async () => {
    const url = await testCluster().createDatabase();
    await throwsWithCode(openStore(url), 'store_missing');
  });

  test('init refuses a database in which another server has licenses', async () => {
    const server = await TestServer.start({ engine: 'postgres' });
    const { database, rootsFile } = server.folder;
    const second = initialize({ stateDir: `${temporaryFolder()}/second`, database }, rootsFile, [
      'localhost',
    ]);
    await throwsWithCode(second, 'database_in_use');
  });

  test.each([
    'postgres://license:pw/Zz9secret@127.0.0.1/licenses',
    'postgres://license:p@w:1/x@127.0.0.1/licenses',
    'postgres://license:pw#1@127.0.0.1/licenses',
    'postgres://license@/licenses?host=/run/postgresql',
    'postgres://127.0.0.1',
    'postgres://license:pw@127.0.0.1/licenses?options=-c%20synchronous_commit%3Doff',
  ])('%s is refused as a setting, and nothing of its password is shown', async (url) => {
    const error = await throwsWithCode(openStore(url), 'config_invalid');
    expect(error.message + JSON.stringify(error.detail)).not.toMatch(/Zz9|p@w|pw/);
  });

  test('a database in another encoding than UTF-8 is refused before anything is made in it', async () => {
    const url = await testCluster().createDatabase("encoding 'LATIN1' template template0");
    await throwsWithCode(openStore(url, { create: true }), 'database_encoding');
  });

  test('over TCP it is encrypted and its certificate verified, as the URL says', async () => {
    const { authority, certificate, privateKey } = await createTlsCertificates(['127.0.0.1']);
    const cluster = PostgresCluster.start({ certificate, privateKey, port: await freePort() });
    onTestFinished(() => cluster.stop());
    const folder = temporaryFolder();
    const urlWith = async (pem: string, name: string) => {
      const file = join(folder, name);
      writeFileSync(file, pem);
      return `${url}?sslmode=verify-full&sslrootcert=${file}`;
    };
    const url = await cluster.createDatabase();
    const store = await openStore(await urlWith(authority, 'ca.pem'), { create: true });
    const encrypted = async (db: Kysely<Schema>) => {
      const { rows } = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db);
      return rows;
    };
    expect(await encrypted(store.reader)).toEqual([{ ssl: true }]);
    expect(await store.write(1, ({ db }) => encrypted(db))).toEqual([{ ssl: true }]);
    await store.close();

    const stranger = await createTlsCertificates(['127.0.0.1']);
    const refused = await throwsWithCode(
      openStore(await urlWith(stranger.authority, 'other.pem')),
      'store_unreachable',
    );
    expect(refused.message).toMatch(/authority that is not trusted/);
    const misplaced = `${url}?sslmode=verify-full&sslrootcert=${folder}/none.pem`;
    expect(await throwsWithCode(openStore(misplaced), 'config_invalid')).toMatchObject({
      detail: { key: 'database', problem: { en: expect.stringContaining('none.pem') } },
    });
  });

  test('a wrong password or host is told without the password', async () => {
    const error = await openStore('postgres://license:s3cret@127.0.0.1:1/licenses').catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'store_unreachable' });
    expect(JSON.stringify(error.detail) + error.message).not.toContain('s3cret');
  });
});

/** PostgreSQL cannot listen on port 0. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
