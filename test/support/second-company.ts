import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { importGrant } from '../../server-stub/licensing/import-grant.ts';
import type { TestServer } from './server.ts';
import { World } from './world.ts';

/** Another company of the same vendor on the same server, with Apps and licenses of its own. */
export async function secondCompany(server: TestServer, cid = '999999'): Promise<World> {
  const { serverId, serverKey, root, now } = server.world;
  const world = new World({ cid, serverId, serverKey, root, now });
  const certificate = await world.certificate();
  const grant = await world.grant();
  await server.store.write(server.clock.now(), async (transaction) => {
    const issuer = { serverId, key: serverKey };
    await importCertificate(transaction, certificate, [root], issuer, 'operator:test');
    await importGrant(transaction, grant, [root], serverId, 'operator:test');
  });
  return world;
}
