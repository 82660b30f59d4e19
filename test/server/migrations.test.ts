import { join } from 'node:path';
import Database from 'better-sqlite3';
import { sql } from 'kysely';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { openStore, type Store } from '../../server-stub/store/database.ts';
import type { EngineName } from '../../server-stub/store/engine.ts';
import { knownMigrations } from '../../server-stub/store/migrations.ts';
import { ENGINES, endClusterAfterAll, testCluster } from '../support/engines.ts';
import { temporaryFolder } from '../support/folder.ts';

endClusterAfterAll();

/** A place for a store, empty. */
async function emptyPlace(engine: EngineName): Promise<string> {
  return engine === 'postgres'
    ? testCluster().createDatabase()
    : join(temporaryFolder(), 'license-server.db');
}

/** A statement by another program than ours. */
async function directly(engine: EngineName, place: string, statement: string): Promise<void> {
  if (engine === 'sqlite') {
    const database = new Database(place);
    database.exec(statement);
    database.close();
    return;
  }
  const client = new Client({ connectionString: place });
  await client.connect();
  await client.query(statement);
  await client.end();
}

describe.each(ENGINES)('the schema of a store in %s', (engine) => {
  test('is brought up to date whole or not at all', async () => {
    const place = await emptyPlace(engine);
    // Somebody's table is in the way of a later step: what comes before it must not stay.
    await directly(engine, place, 'create table alert_event (id text)');
    await expect(openStore(place, { create: true })).rejects.toThrow(/already exists/);
    await directly(engine, place, 'drop table alert_event');
    // `company` is of the first step: this would fail, had it stayed.
    const store = await openStore(place, { create: true });
    expect(await store.reader.selectFrom('company').selectAll().execute()).toEqual([]);
    await store.close();
  });

  test('is brought up to date by one of several that start at once', async () => {
    const place = await emptyPlace(engine);
    const stores = await Promise.all([1, 2, 3].map(() => openStore(place, { create: true })));
    const [first] = stores as [Store, ...Store[]];
    const rows = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(
      first.reader,
    );
    expect(rows.rows.map(({ name }) => name)).toEqual([...knownMigrations]);
    for (const store of stores) await store.close();
  });
});
