import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/folder.ts';
import { createServerFolder } from '../support/server-folder.ts';
import { AgentFolder } from './agent-folder.ts';
import { run } from './program.ts';

/** A server and two devices that no network joins, and the stick that somebody carries between them. */
async function airGapped() {
  const folder = await createServerFolder();
  const { world, stateDir, rootsFile } = folder;
  const stick = temporaryFolder();
  const server = (...args: string[]) =>
    run('server', { args: ['--json', ...args], env: { LICENSE_SERVER_STATE_DIR: stateDir } });
  const enrollmentFile = join(stick, 'enrollment.json');
  await server(
    ...['enrollment', 'create', '--app', world.appId, '--pid', world.purchase.pid],
    ...['--url', 'https://license.invalid:1', '--out', enrollmentFile],
  );
  const device = async (licenseKey: string) => {
    const agent = new AgentFolder(rootsFile, { LICENSE_AGENT_LICENSE_KEY_VALUE: licenseKey });
    copyFileSync(enrollmentFile, agent.enrollmentFile);
    await agent.command(['enroll', agent.enrollmentFile]);
    await agent.daemon(['unshare', '-n', '--']);
    const ask = async (...args: string[]) => {
      const { code, stdout } = await agent.command([...args, '--json']);
      return { code, ...JSON.parse(stdout) };
    };
    return { agent, ask };
  };
  return { world, stick, server, device };
}

test('with no network at all a device is activated, refreshed, and gives its license to another, by files', async () => {
  const { stick, server, device } = await airGapped();
  const first = await device('SN-0001');
  const path = (name: string) => join(stick, name);
  expect((await first.ask('status')).state).toBe('unlicensed');

  expect(await first.ask('request', '--out', path('one.json'))).toMatchObject({ code: 0, requests: 1 });
  expect((await server('answer', path('one.json'))).code).toBe(0);
  expect(await first.ask('import', path('one.answer.json'))).toMatchObject({
    code: 0,
    outcomes: [{ licenseKey: 'SN-0001', outcome: 'ok' }],
  });
  expect(await first.agent.checkExit('video')).toBe(0);
  const { license } = await first.ask('status');

  await first.ask('request', '--out', path('two.json'));
  await server('answer', path('two.json'));
  expect((await first.ask('import', path('two.answer.json'))).code).toBe(0);
  // An answer that was taken in once is not waited for any more.
  expect(await first.ask('import', path('two.answer.json'))).toMatchObject({
    code: 5,
    outcomes: [{ outcome: 'answer_unexpected' }],
  });

  expect(
    await first.ask('request', '--purpose', 'transfer', '--to', 'SN-0002', '--out', path('move.json')),
  ).toMatchObject({ code: 0 });
  expect(await first.agent.checkExit()).toBe(3);
  expect((await server('answer', path('move.json'))).code).toBe(0);
  expect((await first.ask('import', path('move.answer.json'))).code).toBe(0);
  expect((await first.ask('status')).state).toBe('transferred');

  const second = await device('SN-0002');
  await second.ask('request', '--out', path('other.json'));
  await server('answer', path('other.json'));
  expect((await second.ask('import', path('other.answer.json'))).code).toBe(0);
  expect(await second.ask('status')).toMatchObject({ state: 'active', license });
}, 120_000);

test('a request is shown as a QR code that holds just it, and a file stands beside it', async () => {
  const { stick, server, device } = await airGapped();
  const { agent } = await device('SN-0001');
  const file = join(stick, 'request.json');
  const { code, stdout } = await agent.command(['request', '--qr', '--out', file]);
  expect(code).toBe(0);
  const rows = stdout.split('\n').filter((line) => /[█▀▄]/.test(line));
  expect(rows.length).toBeGreaterThan(40);
  expect(new Set(rows.map((row) => [...row].length)).size).toBe(1);
  const { licenseRequests } = JSON.parse(readFileSync(file, 'utf8'));
  expect(licenseRequests[0].length).toBeLessThan(2953);
  const qr = join(stick, 'photographed.txt');
  writeFileSync(qr, licenseRequests[0]);
  expect((await server('answer', qr)).code).toBe(0);
  expect((await agent.command(['import', join(stick, 'photographed.answer.json')])).stdout).toMatch(
    /license token, taken in/,
  );

  const two = join(stick, 'two.json');
  const twice = ['--license-key', 'SN-0001', 'SN-0001', '--out', two];
  const refused = await agent.command(['request', '--qr', ...twice, '--json']);
  expect([refused.code, JSON.parse(refused.stdout).error, existsSync(two)]).toEqual([
    2,
    'request_too_large_for_qr',
    false,
  ]);
});
