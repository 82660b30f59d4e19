import { parse } from 'csv-parse/sync';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { auditRows } from '../../server-stub/licensing/audit-rows.ts';
import { ConsoleClient } from '../support/console-client.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

describe.each(ENGINES)('the audit trail in the Console, store in %s', (engine) => {
  test('rows are found by action, actor, subject and time, the newest first', async () => {
    const server = await TestServer.start({ engine });
    const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
    const { cid } = server.world;
    const { license } = (await server.activate('SN-1')).body.data;
    await server.activate('SN-2');
    server.clock.time += 60;
    await operator.post(`/licenses/${license}/suspend`, {});
    const rows = async (query: string) =>
      (await operator.get(`/audit?cid=${cid}${query}`)).body.rows.map(
        ({ action }: { action: string }) => action,
      );
    expect((await rows('')).slice(0, 3)).toEqual(['license.suspend', 'license.activate', 'license.activate']);
    expect(await rows('&action=license.')).toHaveLength(3);
    expect(await rows('&actor=user:op&action=license')).toEqual(['license.suspend']);
    expect(await rows(`&subject=${license}`)).toEqual(['license.suspend', 'license.activate']);
    expect(await rows(`&from=${server.clock.now()}`)).toEqual(['license.suspend']);
    expect(await rows(`&before=${server.clock.now()}&action=license.suspend`)).toEqual([]);
    const first = (await operator.get(`/audit?cid=${cid}&limit=1`)).body;
    expect(first.rows).toHaveLength(1);
    expect((await operator.get(`/audit?cid=${cid}&limit=1&below=${first.next}`)).body.rows[0].seq).toBe(
      first.rows[0].seq - 1,
    );
    for (const query of ['', '?cid=1', `?cid=${cid}&limit=101`, `?cid=${cid}&below=0`])
      expect((await operator.get(`/audit${query}`)).status).toBe(400);
  });

  test('pages give each row that matches once, however little one answer looks at', async () => {
    const server = await TestServer.start({ engine });
    const { cid } = server.world;
    for (let count = 0; count < 12; count += 1) await server.activate(`SN-${count}`);
    for (const lookAt of [1, 5, 100]) {
      const seqs: number[] = [];
      let below: number | undefined;
      do {
        const page = await auditRows(
          server.store.reader,
          cid,
          { action: 'license.activate' },
          {
            ...{ below, limit: 3, lookAt },
          },
        );
        seqs.push(...page.rows.map(({ seq }) => seq));
        below = page.next;
      } while (below !== undefined);
      expect(seqs).toHaveLength(12);
      expect(seqs).toEqual(seqs.toSorted((a, b) => b - a));
    }
  });

  test('the chain is checked to its end, and a row that was changed is named', async () => {
    const server = await TestServer.start({ engine });
    const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
    const { cid } = server.world;
    for (let count = 0; count < 5; count += 1) await server.activate(`SN-${count}`);
    const checked = async () => {
      expect((await operator.post('/audit/check', { cid })).status).toBe(202);
      await expect
        .poll(async () => (await operator.get(`/audit/check?cid=${cid}`)).body.check.endedAt)
        .not.toBe(null);
      return (await operator.get(`/audit/check?cid=${cid}`)).body.check;
    };
    expect((await operator.get(`/audit/check?cid=${cid}`)).body).toEqual({ check: null });
    const sound = await checked();
    expect(sound).toMatchObject({ brokenAt: null, problem: null });
    expect(sound.rows).toBe(sound.of);
    await server.store.write(server.clock.now(), ({ db }) =>
      sql`update audit set actor = 'x' where cid = ${cid} and seq = 3`.execute(db),
    );
    expect(await checked()).toMatchObject({ brokenAt: 3 });
  });
});

test('the export opens as it is in a spreadsheet, and no cell of it is a formula', async () => {
  const server = await TestServer.start();
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  const { cid } = server.world;
  await server.activate('=cmd|x');
  const { body, headers } = await operator.get(`/audit.csv?cid=${cid}&action=license.activate`);
  expect(headers.get('content-disposition')).toBe(`attachment; filename="audit-${cid}.csv"`);
  expect(body.startsWith('\ufeff')).toBe(true);
  const [head, row = []] = parse(body, { bom: true });
  expect(head).toEqual(['time', 'row', 'action', 'subject', 'by', 'detail', 'hash']);
  expect(row[2]).toBe('license.activate');
  expect(row.every((cell: string) => !/^[=+@\t\r-]/.test(cell))).toBe(true);
  const licenses = await operator.get('/licenses.csv?key=%3Dcmd');
  const [, license = []] = parse(licenses.body, { bom: true });
  expect(license[1]).toBe("'=cmd|x");
});

test('the trail of another company is not there', async () => {
  const server = await TestServer.start();
  const other = await secondCompany(server);
  const stranger = await ConsoleClient.signedIn(server, { name: 'st', role: 'operator', cid: other.cid });
  for (const path of ['/audit', '/audit.csv', '/audit/check'])
    expect((await stranger.get(`${path}?cid=${server.world.cid}`)).body.error).toBe('unknown_company');
  expect((await stranger.post('/audit/check', { cid: server.world.cid })).body.error).toBe('unknown_company');
});
