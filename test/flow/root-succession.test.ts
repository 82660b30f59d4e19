import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqlite } from '#core/host/sqlite.ts';
import { publicKeyThumbprint } from '#core/keys.ts';
import { LicenseClient } from '../../agent/client.ts';
import { temporaryFolder } from '../support/folder.ts';
import { serveEnvironment } from '../support/prepare-server.ts';
import { VendorAndServer } from '../support/vendor-and-server.ts';
import { AgentFolder } from './agent-folder.ts';
import { Running } from './program.ts';

/** A device that pins a roots file of its own, so that its maker can update it. */
function device(rootsFile: string, licenseKey: string) {
  const folder = temporaryFolder();
  const pinned = join(folder, 'vendor-roots.json');
  copyFileSync(rootsFile, pinned);
  const runtimeDir = join(folder, 'run');
  const agent = new AgentFolder(pinned, {
    LICENSE_AGENT_LICENSE_KEY_VALUE: licenseKey,
    LICENSE_AGENT_RUNTIME_DIR: runtimeDir,
  });
  const ask = async (...args: string[]) => {
    const { code, stdout } = await agent.command([...args, '--json']);
    return { code, ...JSON.parse(stdout) };
  };
  const client = new LicenseClient({ socket: join(runtimeDir, 'agent.sock') });
  const enroll = async (file: string) => {
    copyFileSync(file, agent.enrollmentFile);
    return agent.command(['enroll', agent.enrollmentFile]);
  };
  return { agent, pinned, ask, enroll, client };
}

const versionOf = (storeFile: string): number => {
  const database = openSqlite(storeFile, { readonly: true });
  try {
    const chain = database.prepare('SELECT root_succession FROM device').pluck().get();
    return typeof chain === 'string' ? JSON.parse(chain).length + 1 : 1;
  } finally {
    database.close();
  }
};

test('the vendor replaces its root; servers and devices follow, and nobody touches a device', async () => {
  const world = await VendorAndServer.create();
  const { path, cid } = world;
  const { stateDir } = world;
  const serve = await Running.start('server', {
    args: ['serve', '--json'],
    env: serveEnvironment({ stateDir, database: '' }),
  });
  const url = String(serve.ready['url']);
  await world.enrollment('before.json', url);
  const vendorRoots = readFileSync(world.firstRoots, 'utf8');

  const old = device(world.firstRoots, 'SN-OLD');
  await old.enroll(path('before.json'));
  let daemon = await old.agent.daemon();
  await old.agent.checkUntil(0);
  // A grant on its way while the root is replaced.
  await world.grant('late-grant.jwt', '--again');

  const replaced = await world.vendor('replace-root');
  expect(replaced.version).toBe(2);
  const { certificates } = await world.vendor('recertify', '--out', path('certificates'));
  expect(certificates).toMatchObject([{ cid, serial: 2 }]);
  expect((await world.vendor('recertify', '--out', path('certificates'))).certificates).toEqual(certificates);

  // The certificate alone means nothing to a server that does not know the root.
  const early = await world.tryServer('import', certificates[0].file);
  expect([early.code, JSON.parse(early.stdout).error]).toEqual([5, 'issuer_untrusted']);
  expect(await world.server('import', world.rootsFile)).toMatchObject({
    version: 2,
    waiting: [cid],
    changed: true,
  });
  expect(await world.server('import', world.rootsFile)).toMatchObject({ version: 2, changed: false });
  // Until its certificate comes the server goes on under the first root, and leads nobody past it.
  expect((await old.ask('refresh')).code).toBe(0);
  expect(versionOf(old.agent.storeFile)).toBe(1);
  await world.enrollment('between.json', url);
  expect(JSON.parse(readFileSync(path('between.json'), 'utf8'))).not.toHaveProperty('rootSuccession');

  expect(await world.server('import', certificates[0].file)).toMatchObject({ serial: 2 });
  expect((await old.ask('refresh')).code).toBe(0);
  expect(versionOf(old.agent.storeFile)).toBe(2);
  // An application that was built with the first root follows too.
  expect((await old.client.verify({ vendorRoots })).token.licenseKey).toBe('SN-OLD');
  for (const name of ['late-grant.jwt', 'certificate.jwt']) {
    const refused = await world.tryServer('import', path(name));
    expect([refused.code, JSON.parse(refused.stdout).error]).toEqual([5, 'root_succeeded']);
  }

  // Without network, with and without the daemon, and after its maker has installed the new roots file.
  await daemon.end('SIGKILL');
  expect(await old.agent.checkExit('video', ['unshare', '-n', '--'])).toBe(0);
  daemon = await old.agent.daemon();
  expect((await old.ask('refresh')).code).toBe(0);
  await daemon.end('SIGTERM');
  copyFileSync(world.rootsFile, old.pinned);
  expect(await old.agent.checkExit('video')).toBe(0);
  daemon = await old.agent.daemon();
  expect((await old.ask('refresh')).code).toBe(0);

  // New devices: with the first root and with the new one, enrolled before and after.
  await world.enrollment('after.json', url);
  for (const [roots, file, licenseKey] of [
    [world.firstRoots, 'after.json', 'SN-FIRST'],
    [world.firstRoots, 'before.json', 'SN-FIRST-BEFORE'],
    [world.rootsFile, 'before.json', 'SN-SECOND'],
    [world.rootsFile, 'after.json', 'SN-SECOND-AFTER'],
  ] as const) {
    const young = device(roots, licenseKey);
    expect((await young.enroll(path(file))).code).toBe(0);
    const itsDaemon = await young.agent.daemon();
    await young.agent.checkUntil(0);
    await itsDaemon.end('SIGTERM');
  }

  // Whoever stole the first root and sits in the server's place signs for nobody who knows better.
  const database = openSqlite(join(stateDir, 'license-server.db'));
  database.prepare('DELETE FROM issuer_certificate WHERE serial = 2').run();
  database.close();
  expect(await old.ask('refresh')).toMatchObject({ code: 5, error: 'root_succeeded' });
  expect(await old.agent.checkExit('video')).toBe(0);
}, 120_000);

test('a store whose memory of the succession was spoilt refuses what it cannot prove, and heals by itself', async () => {
  const world = await VendorAndServer.create();
  const { path } = world;
  await world.vendor('replace-root');
  const { certificates } = await world.vendor('recertify', '--out', path('certificates'));
  await world.server('import', world.rootsFile);
  await world.server('import', certificates[0].file);
  const serve = await Running.start('server', {
    args: ['serve', '--json'],
    env: serveEnvironment({ stateDir: world.stateDir, database: '' }),
  });
  await world.enrollment('enrollment.json', String(serve.ready['url']));
  // As a file of before would be: what leads to the new root then stands in the store alone.
  const { rootSuccession: _, ...enrollment } = JSON.parse(readFileSync(path('enrollment.json'), 'utf8'));
  const { agent, ask } = device(world.firstRoots, 'SN-0001');
  const first = JSON.parse(readFileSync(path('server/vendor-roots.json'), 'utf8'));
  await agent.enroll({ ...enrollment, rootThumbprint: publicKeyThumbprint(first.root) });
  let daemon = await agent.daemon();
  await agent.checkUntil(0);
  await daemon.end('SIGKILL');

  for (const chain of [null, 'no JSON', '[]', '[{"root":"a.b.c","spare":"a.b.c"}]']) {
    const database = openSqlite(agent.storeFile);
    database.prepare('UPDATE device SET root_succession = ?').run(chain);
    database.close();
    expect(await agent.checkExit()).toBe(5);
    daemon = await agent.daemon();
    await ask('refresh');
    await agent.checkUntil(0);
    expect(versionOf(agent.storeFile)).toBe(2);
    await daemon.end('SIGTERM');
    expect(await agent.checkExit()).toBe(0);
  }
}, 120_000);
