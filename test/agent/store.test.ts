import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AgentStore } from '../../agent/store/agent-store.ts';
import { codeOf } from '../support/forge.ts';
import { NOW, World } from '../support/world.ts';
import { openAgent, temporaryFolder } from './support.ts';

const stateOf = async ({ licenses }: ReturnType<typeof openAgent>) => {
  const { state, fault } = (await licenses.verdict()).verdict;
  return [state, fault];
};

/** Overwrites whole pages after the first, as a dying disk does. */
function ruinPages(file: string): void {
  const { size } = statSync(file);
  const descriptor = openSync(file, 'r+');
  for (let page = 1; page < size / 4096; page += 1)
    writeSync(descriptor, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  closeSync(descriptor);
}

describe('a damaged store', () => {
  async function damaged(damage: (file: string) => void) {
    const world = new World();
    const agent = openAgent(world);
    await agent.activate();
    agent.store.close();
    damage(agent.folder.store);
    return { world, agent };
  }

  test.each<[string, (file: string) => void]>([
    ['pages overwritten', ruinPages],
    ['no database at all', (file) => writeFileSync(file, 'this is not a database'.repeat(1000))],
  ])('%s: moved aside, remembered, and healed by an activation', async (_, damage) => {
    const { world, agent } = await damaged(damage);
    expect(await codeOf(() => AgentStore.openReadonly(agent.folder.store))).toBe('store_damaged');
    const again = openAgent(world, agent);
    expect(await stateOf(again)).toEqual(['invalid', 'store_damaged']);
    expect(readdirSync(agent.folder.state)).toContain(`agent.db.damaged-${NOW}`);
    const next = again.restart();
    expect(await stateOf(next)).toEqual(['invalid', 'store_damaged']);
    await next.activate();
    expect(await stateOf(next)).toEqual(['active', undefined]);
  });

  test('damage that shows in the middle of work is treated the same', async () => {
    const world = new World();
    const agent = openAgent(world);
    await agent.activate();
    agent.store.close();
    const again = openAgent(world, agent);
    ruinPages(agent.folder.store);
    expect(await stateOf(again)).toEqual(['invalid', 'store_damaged']);
    await again.activate();
    expect(await stateOf(again)).toEqual(['active', undefined]);
  });
});

test('the store of a newer program is refused, and not touched', async () => {
  const file = join(temporaryFolder(), 'agent.db');
  AgentStore.open(file, () => NOW).close();
  const database = new Database(file);
  database.pragma('user_version = 99');
  database.pragma(`application_id = ${0x4c41_0000 + 99}`);
  database.close();
  const hash = () => createHash('sha256').update(readFileSync(file)).digest('hex');
  const before = hash();
  expect(await codeOf(() => AgentStore.open(file, () => NOW))).toBe('store_newer');
  expect(await codeOf(() => AgentStore.openReadonly(file))).toBe('store_newer');
  expect(hash()).toBe(before);
});

test('there is nothing to look at where no daemon ever ran', () => {
  expect(AgentStore.openReadonly(join(temporaryFolder(), 'agent.db'))).toBeUndefined();
});

test('a store that was killed in the middle of work is read as its last commit left it', async () => {
  const world = new World();
  const agent = openAgent(world);
  const { license } = await agent.activate();
  // Not closed: what was committed stands in the write-ahead log alone.
  const store = AgentStore.openReadonly(agent.folder.store) ?? expect.unreachable();
  onTestFinished(() => store.close());
  expect(store.licenses.read(world.subject)?.answer).toContain('document');
  expect((await agent.licenses.held()).token?.license).toBe(license);
});

test('a row that is not of its shape is not believed', async () => {
  const world = new World();
  const agent = openAgent(world);
  await agent.activate();
  await agent.request();
  const database = new Database(agent.folder.store);
  database.exec(
    `UPDATE pending_request SET jti = 'x'; UPDATE device SET clock_mark = '{"confirmed":-1}'; UPDATE contact SET outcome = ''`,
  );
  database.close();
  expect(agent.store.pending.of(world.subject)).toEqual([]);
  expect(agent.store.clockMark).toBeUndefined();
  expect(agent.store.contacts.of(world.subject)).toBeUndefined();
});
