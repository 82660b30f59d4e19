import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createKeyFile } from '#core/host/key-file.ts';
import { collectIdentity } from '../../agent/identity.ts';
import { asNobody } from '../support/as-nobody.ts';
import { englishIn } from '../support/chinese.ts';
import { fakeMachine } from '../support/fake-machine.ts';
import { SYSTEMS, type SystemName } from '../support/fake-systems.ts';
import { World } from '../support/world.ts';
import { AgentFolder, runProgram } from './support.ts';

/** A device on one of the systems of the field, and its `identity`. */
async function deviceOn(name: SystemName) {
  const folder = new AgentFolder(new World());
  const identityFile = folder.write('field.json', await collectIdentity(fakeMachine(SYSTEMS[name])));
  const env = {
    LICENSE_AGENT_IDENTITY_FILE: identityFile,
    LICENSE_AGENT_LICENSE_KEY_STRATEGY: 'hardware',
  };
  const identity = (args: readonly string[] = [], more: Readonly<Record<string, string>> = {}) =>
    runProgram(['identity', ...args, '--config', folder.configFile], { ...env, ...more });
  return { folder, identityFile, identity };
}

describe('identity', () => {
  test('of a PC says what it is recognised by, and that this is enough', async () => {
    const { identity } = await deviceOn('a PC');
    const { stdout } = await identity();
    expect(stdout).toMatch(/System +machine\n/);
    expect(stdout).toMatch(/macs +00:1b:21:aa:bb:01 00:1b:21:aa:bb:02\n/);
    expect(stdout).toMatch(/tpmKey +– \(this system has none\)/);
    expect(stdout).toMatch(
      /LicenseKey +PF1ABCDE \(strategy hardware: from the serial number of board or SoC/,
    );
    expect(stdout).toMatch(/Fingerprint +4 components\n/);
    expect(stdout).toMatch(/System installed anew +the server recognises this device/);
    expect(stdout).not.toContain('Warning');
  });

  test('of a container says what will surprise and what to do, in both languages', async () => {
    const { identity } = await deviceOn('a Docker container');
    const { stdout } = await identity();
    expect(stdout).toMatch(/System +container \(docker\)/);
    expect(stdout).toMatch(/macs +– \(eth0 is virtual/);
    expect(stdout).toMatch(/machine-id .*all of its image have the same, or another at each start/);
    expect(stdout).toMatch(/Disk copied to another board +cannot be told/);
    expect(stdout).toMatch(/Warning .*set licenseKeyStrategy to file or literal.*stateDir on a volume/);
    const chinese = await identity([], { LANG: 'zh_CN.UTF-8' });
    expect(chinese.stdout).toMatch(/警告 .*将 stateDir 放在卷上/);
    expect(chinese.stdout.split('\n').flatMap(englishIn)).toEqual([]);
  });

  test('tells programs all of it', async () => {
    const { identity } = await deviceOn('a KVM guest');
    const { json, exit } = await identity(['--json']);
    expect(exit).toBe(0);
    expect(json).toMatchObject({
      environment: { kind: 'vm', name: 'kvm' },
      components: { productUuid: ['9d1f6f6e-0000-4000-8000-000000000001'] },
      ignored: { macs: [{ at: 'ens3', why: 'local', value: '52:54:00:12:34:56' }] },
      machineIdOrigin: 'disk',
      licenseKeySource: 'machine',
      licenseKeyStrategy: 'hardware',
      kept: false,
      fingerprintComponents: 1,
      recognisable: false,
      warnings: ['license_key_shared', 'fingerprint_weak'],
    });
  });

  test('without anything to derive a LicenseKey from says so', async () => {
    const { identity } = await deviceOn('a container whose image has no machine-id');
    expect((await identity(['--json'])).json).toMatchObject({
      licenseKey: null,
      licenseKeySource: 'license_key_underivable',
    });
    expect((await identity()).stdout).toContain('strategy hardware gives none: license_key_underivable');
  });

  test('shows where the board is no longer the one that the LicenseKey came from', async () => {
    const { identity, folder } = await deviceOn('a PC');
    mkdirSync(folder.state, { mode: 0o700 });
    createKeyFile(join(folder.state, 'device-key.pem'));
    writeFileSync(join(folder.state, 'license-key'), 'PF0OLD\nserial\n', { mode: 0o600 });
    expect((await identity(['--json'])).json).toMatchObject({
      licenseKey: 'PF0OLD',
      licenseKeyNow: 'PF1ABCDE',
      kept: true,
    });
    expect((await identity()).stdout).toMatch(/now gives PF1ABCDE; the kept one stays/);
  });

  test('collected by root is the same for a user who may not read it from the machine', async () => {
    const { identity, identityFile, folder } = await deviceOn('a PC');
    chmodSync(folder.path, 0o755);
    chmodSync(identityFile, 0o644);
    const { json } = await identity(['--json']);
    const command = [process.execPath, 'agent/main.ts', 'identity', '--json', '--config', folder.configFile];
    const [program, args] = asNobody(command);
    const said = execFileSync(program, args, {
      encoding: 'utf8',
      env: {
        ...process.env,
        LICENSE_AGENT_IDENTITY_FILE: identityFile,
        LICENSE_AGENT_LICENSE_KEY_STRATEGY: 'hardware',
      },
    });
    expect(JSON.parse(said)).toEqual(json);
  });
});
