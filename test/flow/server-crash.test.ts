import { expect, test } from 'vitest';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { createServerFolder } from '../support/server-folder.ts';
import { clientOf, serve } from './server-process.ts';

endClusterAfterAll();

test.each(ENGINES)(
  'kill -9 in the middle of 500 activations loses no acknowledged license and counts none twice (%s)',
  async (engine) => {
    const folder = await createServerFolder({
      engine,
      lines: (world) => [{ ...world.purchase, count: 500 }],
    });
    const first = await serve(folder);
    const client = clientOf(first, folder);
    const keys = Array.from({ length: 500 }, (_, index) => `SN-${index}`);

    const acknowledged = new Map<string, string>();
    let killed: Promise<void> | undefined;
    // Twenty at a time, so that there is a middle: many commits are over, one is under way.
    const queue = keys.values();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (const key of queue) {
          const answer = await client.activate(key).catch(() => undefined);
          if (answer?.status === 200) acknowledged.set(key, answer.body.data.license);
          if (acknowledged.size >= 200) killed ??= first.end('SIGKILL');
        }
      }),
    );
    await killed;
    expect(acknowledged.size).toBeGreaterThanOrEqual(200);
    expect(acknowledged.size).toBeLessThan(500);

    const second = await serve(folder);
    const again = clientOf(second, folder);
    for (const [key, license] of acknowledged)
      expect((await again.detail(key)).body.data.license).toBe(license);
    const repeated = await Promise.all(keys.map((key) => again.activate(key)));
    expect(repeated.map(({ status }) => status)).toEqual(keys.map(() => 200));
    for (const [index, key] of keys.entries()) {
      const license = acknowledged.get(key);
      if (license !== undefined) expect(repeated[index]?.body.data.license).toBe(license);
    }
    await second.end('SIGTERM');

    const store = await openStore(folder.store);
    const [quota] = await store.reader.selectFrom('quota').selectAll().execute();
    const licenses = await store.reader.selectFrom('license').select('license').execute();
    const trail = await verifyTrail(store.reader, folder.world.cid);
    await store.close();
    expect([quota?.used, licenses.length, trail.brokenAt]).toEqual([500, 500, undefined]);
  },
);
