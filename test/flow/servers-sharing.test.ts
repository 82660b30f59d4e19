import { expect, test } from 'vitest';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { createServerFolder } from '../support/server-folder.ts';
import { clientOf, serve } from './server-process.ts';

endClusterAfterAll();

test.each(ENGINES)(
  'two servers on one store (%s) hand out 100 licenses to 300 LicenseKeys, none too many',
  async (engine) => {
    const folder = await createServerFolder({ engine });
    const clients = (await Promise.all([serve(folder), serve(folder)])).map((server) =>
      clientOf(server, folder),
    );
    // Each key is sent to both, so that they race for the same license as well as for the last one.
    const keys = Array.from({ length: 300 }, (_, index) => `SN-${index}`);
    const answers = await Promise.all(keys.flatMap((key) => clients.map((client) => client.activate(key))));
    const licenses = new Map<string, Set<string>>();
    for (const { status, body } of answers) {
      expect([200, 400]).toContain(status);
      if (status !== 200) continue;
      const { licenseKey, license } = body.data;
      licenses.set(licenseKey, (licenses.get(licenseKey) ?? new Set()).add(license));
    }
    expect(licenses.size).toBe(100);
    expect([...licenses.values()].every(({ size }) => size === 1)).toBe(true);

    const store = await openStore(folder.store);
    const [quota] = await store.reader.selectFrom('quota').selectAll().execute();
    const stored = await store.reader.selectFrom('license').select('license').execute();
    const trail = await verifyTrail(store.reader, folder.world.cid);
    await store.close();
    expect([quota?.used, stored.length, trail.brokenAt]).toEqual([100, 100, undefined]);
  },
);
