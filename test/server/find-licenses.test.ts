import { describe, expect, test } from 'vitest';
import { activate } from '../../server-stub/licensing/activate.ts';
import { findLicenses } from '../../server-stub/licensing/find-licenses.ts';
import { type LicenseFilter, listedState } from '../../server-stub/licensing/license-filter.ts';
import type { LicenseState, LicenseTable } from '../../server-stub/store/schema.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';
import type { World } from '../support/world.ts';

endClusterAfterAll();

const DAY = 86_400;
const STATES: readonly LicenseState[] = ['active', 'active', 'suspended', 'released', 'transferred'];

/** Licenses of two companies that differ in everything a list is filtered by. */
async function variedLicenses(engine: (typeof ENGINES)[number]) {
  const server = await TestServer.start({ engine });
  const other = await secondCompany(server);
  const companies = [server.world, server.world, server.world, other];
  for (let count = 0; count < 80; count += 1) {
    server.clock.time += 60;
    const { cid, appId, purchase } = companies[count % 4] as World;
    const request = { cid, appId, pid: purchase.pid, licenseKey: `SN-${count}`, actor: 'operator:test' };
    await server.store.write(server.clock.now(), (transaction) => activate(transaction, [request]));
  }
  const now = server.clock.now();
  const all = await server.store.reader.selectFrom('license').selectAll().orderBy('license').execute();
  await server.store.write(now, async ({ db }) => {
    for (const [index, { license }] of all.entries())
      await db
        .updateTable('license')
        .set({
          state: STATES[index % STATES.length] as LicenseState,
          expire_time: now + ((index % 7) - 2) * DAY,
          last_seen_at: index % 3 === 0 ? null : now - (index % 9) * DAY,
          group_name: ['', '三年级', '四年级'][index % 3] as string,
        })
        .where('license', '=', license)
        .execute();
  });
  const { reader } = server.store;
  const licenses = await reader.selectFrom('license').selectAll().orderBy('license').execute();
  return { server, reader, other, now, licenses };
}

/** As the words of a filter say it, without an index. */
function matches(license: LicenseTable, filter: LicenseFilter, now: number): boolean {
  const { cid, appId, pid, state, group, key, endingBefore, unseenSince } = filter;
  const seen = license.last_seen_at ?? license.activation_time;
  return (
    (cid ?? license.cid) === license.cid &&
    (appId ?? license.app_id) === license.app_id &&
    (pid ?? license.pid) === license.pid &&
    (state ?? listedState(license, now)) === listedState(license, now) &&
    (group ?? license.group_name) === license.group_name &&
    (key === undefined ||
      license.license_key.startsWith(key) ||
      license.license.startsWith(key.toUpperCase())) &&
    (endingBefore === undefined || (license.expire_time > now && license.expire_time <= endingBefore)) &&
    (unseenSince === undefined || seen <= unseenSince)
  );
}

describe.each(ENGINES)('licenses are looked for, store in %s', (engine) => {
  test('pages give each license that a filter matches once, however little one answer looks at', async () => {
    const { server, reader, other, now, licenses } = await variedLicenses(engine);
    const { cid, appId } = server.world;
    const { pid } = server.world.purchase;
    const filters: LicenseFilter[] = [
      {},
      ...[{ cid }, { cid: other.cid }, { appId }, { pid }, { cid, pid, state: 'active' as const }],
      ...(['active', 'expired', 'suspended', 'released'] as const).flatMap((state) => [
        { state },
        { state, cid: other.cid },
        { state, appId, group: '三年级' },
      ]),
      ...[{ group: '' }, { group: '四年级' }, { group: '四年级', cid }, { group: 'x' }],
      ...[{ key: 'SN-1' }, { key: 'SN-1', appId }, { key: 'SN-', state: 'suspended' as const }],
      ...[{ key: licenses[3]?.license.slice(0, 9).toLowerCase() }, { key: 'none' }],
      ...[{ endingBefore: now + 3 * DAY }, { endingBefore: now + DAY, cid, state: 'active' as const }],
      ...[{ unseenSince: now - 4 * DAY }, { unseenSince: now, group: '三年级' }],
    ];
    for (const filter of filters)
      for (const newestFirst of [false, true])
        for (const [limit, lookAt] of [
          [7, 1],
          [3, 10],
          [100, 20_000],
        ] as const) {
          const found: string[] = [];
          let next: string | undefined;
          do {
            const page = await findLicenses(reader, filter, {
              ...{ after: next, limit, now, newestFirst, lookAt },
            });
            expect(page.licenses.length).toBeLessThanOrEqual(limit);
            found.push(...page.licenses.map(({ license }) => license));
            next = page.next;
          } while (next !== undefined);
          const wanted = licenses.filter((license) => matches(license, filter, now));
          expect([filter, found.length, found.toSorted()]).toEqual([
            filter,
            wanted.length,
            wanted.map(({ license }) => license),
          ]);
        }
  });

  test('the newest activation comes first, and what ends first where ends are looked for', async () => {
    const { reader, now } = await variedLicenses(engine);
    const all = { limit: 100, now, newestFirst: true };
    const newest = (await findLicenses(reader, {}, all)).licenses;
    expect(newest.map(({ license }) => license)).toEqual(
      newest
        .map(({ license }) => license)
        .toSorted()
        .toReversed(),
    );
    const [company] = newest;
    const ending = (await findLicenses(reader, { cid: company?.cid, endingBefore: now + 9 * DAY }, all))
      .licenses;
    const ends = ending.map(({ expire_time }) => expire_time);
    expect(ends.length).toBeGreaterThan(10);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
  });

  test('a place that is none is refused, whatever it says', async () => {
    const { reader, now, server } = await variedLicenses(engine);
    const { appId } = server.world;
    const places = ['x', '[]', '["", {}]', '["",[1]]', '["",["a","b"]]', `["${appId}",["a"]]`];
    for (const place of [...places, JSON.stringify([appId, []]).repeat(2)])
      await throwsWithCode(
        findLicenses(reader, place.includes(appId) ? { appId } : {}, {
          ...{ after: Buffer.from(place).toString('base64url'), limit: 5, now },
        }),
        'parameter_invalid',
      );
  });
});
