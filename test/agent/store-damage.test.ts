import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openSqlite } from '#core/host/sqlite.ts';
import { post, startAgent, until } from './running-agent.ts';
import { DAY } from './support.ts';

const flipped = (file: string, every: number) => {
  const bytes = readFileSync(file);
  for (let at = 100; at < bytes.length; at += every) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(file, bytes);
};

/** Ways in which a file system or a flash chip loses what it was given. */
const DAMAGES: [string, (file: string) => void][] = [
  ['cut off in the middle', (file) => truncateSync(file, statSync(file).size / 2)],
  ['cut off in its first page', (file) => truncateSync(file, 1000)],
  ['empty', (file) => truncateSync(file, 0)],
  ['all zeros', (file) => writeFileSync(file, Buffer.alloc(statSync(file).size))],
  [
    'zeros after the first page',
    (file) => {
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0, 4096));
    },
  ],
  ['a byte in 512 flipped', (file) => flipped(file, 512)],
  ['a byte in 37 flipped', (file) => flipped(file, 37)],
];

async function licensed() {
  const agent = await startAgent();
  await until(agent.client, 'active');
  const { license } = await agent.client.status();
  return { ...agent, license };
}

describe.each([
  ['one of its tables is gone', 'DROP TABLE contact'],
  ['a column has another name', 'ALTER TABLE device RENAME COLUMN clock_mark TO other'],
])('a store that is sound as a file, but %s', (_, statement) => {
  test('is put aside, and the same license is got again', async () => {
    const { daemon, folder, run, license, server } = await licensed();
    await daemon.close();
    const database = openSqlite(folder.store);
    database.exec(statement);
    database.close();
    const again = await run();
    await until(again.client, 'active');
    expect((await again.client.status()).license).toBe(license);
    expect(server.seats.size).toBe(1);
    expect(readdirSync(folder.state).some((name) => name.startsWith('agent.db.damaged-'))).toBe(true);
  });
});

test.each([null, 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.'])(
  'a highest serial that no certificate vouches for refuses no answer (%s)',
  async (certificate) => {
    const { daemon, folder, run } = await licensed();
    await daemon.close();
    const database = openSqlite(folder.store);
    database.prepare('UPDATE issuer SET highest_serial = 9007199254740991, certificate = ?').run(certificate);
    database.close();
    const again = await run();
    expect(await post(again.daemon, '/v1/refresh')).toMatchObject({ state: 'active' });
  },
);

test('no flipped bit of the schema version stops a licensed device, nor costs it its store', async () => {
  const { daemon, folder, run, license, server } = await licensed();
  await daemon.close();
  // SQLite file format §1.3: user_version at 60, application_id at 68, big-endian.
  for (const [offset, bit] of [
    ...[0, 1, 2, 7].map((bit) => [63, bit] as const),
    ...([
      [60, 0],
      [60, 7],
      [71, 0],
      [71, 1],
      [71, 2],
      [68, 0],
      [69, 3],
    ] as const),
  ]) {
    const bytes = readFileSync(folder.store);
    bytes.writeUInt8(bytes.readUInt8(offset) ^ (1 << bit), offset);
    writeFileSync(folder.store, bytes);
    const again = await run();
    expect([offset, bit, (await again.client.check('video')).allowed]).toEqual([offset, bit, true]);
    expect((await again.client.status()).license).toBe(license);
    await again.daemon.close();
  }
  expect(server.seats.size).toBe(1);
  expect(readdirSync(folder.state).filter((name) => name.includes('damaged'))).toEqual([]);
});

describe.each(DAMAGES)('a store that is %s', (_, damage) => {
  test('between two starts: the same license again by itself, for no other seat, the old file aside', async () => {
    const { daemon, folder, run, license, server } = await licensed();
    await daemon.close();
    damage(folder.store);
    const again = await run();
    await until(again.client, 'active');
    expect((await again.client.status()).license).toBe(license);
    expect(server.seats.size).toBe(1);
    const isAside = readdirSync(folder.state).some((name) => name.startsWith('agent.db.damaged-'));
    // An empty file is no database that was damaged: it is one that was never filled.
    expect(isAside || statSync(folder.store).size > 0).toBe(true);
  });

  test('under a running daemon: verdicts go on or are back at once, and it is active in the end', async () => {
    const { folder, client, daemon, license, server } = await licensed();
    damage(folder.store);
    for (const file of [`${folder.store}-wal`]) rmSync(file, { force: true });
    await client.check('video');
    await post(daemon, '/v1/refresh').catch(() => {});
    await until(client, 'active');
    expect((await client.status()).license).toBe(license);
    expect(server.seats.size).toBe(1);
  });
});

/** A small disk of its own for the state of a device. */
function disk(folder: { readonly state: string }) {
  const { state } = folder;
  const saved = `${state}.saved`;
  cpSync(state, saved, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', state]);
  cpSync(saved, state, { recursive: true });
  onTestFinished(() => void execFileSync('umount', ['--lazy', state]));
  return {
    fill() {
      for (let part = 0; ; part += 1) {
        try {
          writeFileSync(join(state, `filler-${part}`), Buffer.alloc(4096));
        } catch {
          return;
        }
      }
    },
    free() {
      for (const name of readdirSync(state)) if (name.startsWith('filler-')) rmSync(join(state, name));
    },
    remount: (mode: 'ro' | 'rw') => void execFileSync('mount', ['-o', `remount,${mode}`, state]),
  };
}

describe('a disk', () => {
  async function onSmallDisk() {
    const agent = await licensed();
    await agent.daemon.close();
    const small = disk(agent.folder);
    return { ...agent, small, ...(await agent.run()) };
  }

  test('that is full stops no verdict; when there is room again, refreshes go on', async () => {
    const { small, client, daemon, clock } = await onSmallDisk();
    small.fill();
    clock.pass(DAY);
    await post(daemon, '/v1/refresh').catch(() => {});
    expect(await client.check('video')).toMatchObject({ allowed: true });
    small.free();
    await post(daemon, '/v1/refresh');
    expect((await client.status()).usableUntil).toBe(clock.wall + 104 * DAY);
  });

  test('that is full at the start: licensed from what is held, and refreshed', async () => {
    const { small, daemon, run, license, clock } = await onSmallDisk();
    await daemon.close();
    small.fill();
    clock.pass(DAY);
    const again = await run();
    expect(await again.client.status()).toMatchObject({ state: 'active', license });
    await post(again.daemon, '/v1/refresh');
    expect((await again.client.status()).usableUntil).toBe(clock.wall + 104 * DAY);
  });

  test('that is read-only at the start: licensed, refreshed, and the file as it was', async () => {
    const { small, daemon, folder, run, license, clock } = await onSmallDisk();
    await daemon.close();
    small.remount('ro');
    const before = readFileSync(folder.store);
    const again = await run();
    expect(await again.client.status()).toMatchObject({ state: 'active', license });
    clock.pass(DAY);
    await post(again.daemon, '/v1/refresh');
    expect((await again.client.status()).usableUntil).toBe(clock.wall + 104 * DAY);
    // The disk would bring it back at the next start.
    for (const give of [
      () => post(again.daemon, '/v1/release'),
      () => post(again.daemon, '/v1/requests', JSON.stringify({ purpose: 'release' })),
    ])
      await expect(give()).rejects.toMatchObject({ code: 'store_unwritable' });
    expect((await again.client.status()).state).toBe('active');
    expect(readFileSync(folder.store).equals(before)).toBe(true);
    await again.daemon.close();
    small.remount('rw');
    const healed = await run();
    expect(await healed.client.status()).toMatchObject({ state: 'active', license });
  });
});
