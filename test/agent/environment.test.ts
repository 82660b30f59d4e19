import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMPONENTS } from '#core/device/fingerprint.ts';
import { deriveLicenseKey } from '#core/device/license-key.ts';
import { LicenseError } from '#core/errors.ts';
import { detectEnvironment } from '../../agent/environment.ts';
import { collectIdentity, type Identity } from '../../agent/identity.ts';
import { type IdentityWarning, identityWarnings } from '../../agent/identity-warnings.ts';
import { ignoredText } from '../../agent/ignored-value.ts';
import { asNobody } from '../support/as-nobody.ts';
import { card, dmi, type Files, fakeMachine, MACHINE_ID, pc, tpm12 } from '../support/fake-machine.ts';
import { SYSTEMS, type SystemName } from '../support/fake-systems.ts';

/** The LicenseKey that follows from the machine-id of all these systems. */
const FROM_MACHINE_ID = deriveLicenseKey({ kind: 'machine' }, {}, MACHINE_ID).licenseKey;
/** No LicenseKey by that strategy. */
const NONE = 'license_key_underivable';

interface Expected {
  /** `vm kvm`. */
  readonly runsOn: string;
  /** Components that are known. */
  readonly known: readonly string[];
  /** The LicenseKeys by `serial` and `mac`; by `hardware` it is the first that there is. */
  readonly serial?: string;
  readonly mac?: string;
  /** Where the machine-id stands; '' where there is none. */
  readonly machineId?: string;
  readonly warnings: readonly IdentityWarning[];
}

const WEAK = 'fingerprint_weak';

const EXPECTED: Record<SystemName, Expected> = {
  'a PC': {
    runsOn: 'machine',
    known: ['boardSerial', 'productUuid', 'macs', 'diskSerial'],
    serial: 'PF1ABCDE',
    mac: '001B21AABB01',
    warnings: [],
  },
  'a PC whose maker filled nothing in': {
    runsOn: 'machine',
    known: ['macs', 'diskSerial'],
    mac: '001B21AABB09',
    warnings: [],
  },
  'a Raspberry Pi': {
    runsOn: 'machine',
    known: ['socSerial', 'macs', 'diskSerial'],
    serial: '10000000abcdef01',
    mac: 'DCA632000001',
    warnings: [],
  },
  'an i.MX board': {
    runsOn: 'machine',
    known: ['socSerial', 'macs'],
    serial: '0A1B2C3D4E5F6071',
    mac: '00049F010203',
    warnings: [],
  },
  'a Rockchip board with a random address': {
    runsOn: 'machine',
    known: ['socSerial'],
    serial: '8f3a2b1c9d0e4f56',
    warnings: [WEAK],
  },
  'an old board that tells its serial number with its processor': {
    runsOn: 'machine',
    known: ['socSerial'],
    serial: '02c00042b4e1a8d7',
    warnings: [WEAK],
  },
  'a board of which nothing is known but its card': {
    runsOn: 'machine',
    known: ['macs'],
    mac: '00049F010203',
    warnings: [WEAK],
  },
  'a device whose root is read-only, its machine-id in memory': {
    runsOn: 'machine',
    known: [],
    machineId: 'memory',
    warnings: ['license_key_transient', WEAK],
  },
  'a device whose changes go to memory': {
    runsOn: 'machine',
    known: [],
    machineId: 'memory',
    warnings: ['license_key_transient', WEAK],
  },
  'a KVM guest': { runsOn: 'vm kvm', known: ['productUuid'], warnings: ['license_key_shared', WEAK] },
  'a guest of QEMU alone': {
    runsOn: 'vm qemu',
    known: ['productUuid'],
    warnings: ['license_key_shared', WEAK],
  },
  'a guest on ARM': { runsOn: 'vm qemu', known: [], warnings: ['license_key_shared', WEAK] },
  'a VMware guest': {
    runsOn: 'vm vmware',
    known: ['productUuid', 'macs'],
    mac: '000C29AABBCC',
    warnings: [],
  },
  'a Hyper-V guest': {
    runsOn: 'vm microsoft',
    known: ['boardSerial', 'productUuid', 'macs'],
    serial: '1234-5678-9012-3456-7890-1234-56',
    mac: '00155D010203',
    warnings: [],
  },
  'an EC2 instance (Nitro)': {
    runsOn: 'vm amazon',
    known: ['productUuid', 'diskSerial'],
    warnings: ['license_key_shared'],
  },
  'an EC2 machine without a hypervisor': {
    runsOn: 'machine',
    known: ['boardSerial', 'productUuid'],
    serial: 'BM-0042-17',
    warnings: [],
  },
  'the first domain of Xen': {
    runsOn: 'machine',
    known: ['boardSerial', 'productUuid', 'macs', 'diskSerial'],
    serial: 'PF1ABCDE',
    mac: '001B21AABB01',
    warnings: [],
  },
  'a Xen guest': { runsOn: 'vm xen', known: [], warnings: ['license_key_shared', WEAK] },
  'a guest that does not say whose it is': {
    runsOn: 'vm',
    known: [],
    warnings: ['license_key_shared', WEAK],
  },
  'a Docker container that sees the hardware of its host': {
    runsOn: 'container docker',
    known: ['boardSerial', 'productUuid'],
    serial: 'PF1ABCDE',
    machineId: 'image',
    warnings: ['license_key_of_host'],
  },
  'a Docker container': {
    runsOn: 'container docker',
    known: [],
    machineId: 'image',
    warnings: ['license_key_unstable', WEAK],
  },
  'a Docker container that was lent the machine-id of its host': {
    runsOn: 'container docker',
    known: [],
    machineId: 'host',
    warnings: ['license_key_of_host', WEAK],
  },
  'a container whose image has no machine-id': {
    runsOn: 'container docker',
    known: [],
    machineId: '',
    warnings: [],
  },
  'a podman container': {
    runsOn: 'container podman',
    known: [],
    machineId: 'image',
    warnings: ['license_key_unstable', WEAK],
  },
  'an LXC container': {
    runsOn: 'container lxc',
    known: [],
    machineId: 'image',
    warnings: ['license_key_unstable', WEAK],
  },
  'systemd-nspawn': {
    runsOn: 'container systemd-nspawn',
    known: [],
    machineId: 'image',
    warnings: ['license_key_unstable', WEAK],
  },
  'a container of systemd that says so in /run': {
    runsOn: 'container rkt',
    known: [],
    machineId: 'image',
    warnings: ['license_key_unstable', WEAK],
  },
  'a Kubernetes pod': {
    runsOn: 'container kubernetes',
    known: [],
    machineId: 'image',
    warnings: ['license_key_unstable', WEAK],
  },
  'a container that says nothing, in a cgroup of its own': {
    runsOn: 'container',
    known: [],
    machineId: 'image',
    warnings: ['license_key_unstable', WEAK],
  },
  WSL: {
    runsOn: 'container wsl',
    known: [],
    machineId: 'image',
    warnings: ['license_key_unstable', WEAK],
  },
};

/** The LicenseKey by a strategy, or why there is none. */
function keyBy(kind: 'hardware' | 'serial' | 'mac' | 'machine', { components, machineId }: Identity): string {
  try {
    return deriveLicenseKey({ kind }, components, machineId).licenseKey;
  } catch (thrown) {
    if (thrown instanceof LicenseError) return thrown.code;
    throw thrown;
  }
}

function warningsOf(identity: Identity): readonly IdentityWarning[] {
  try {
    return identityWarnings(
      identity,
      deriveLicenseKey({ kind: 'hardware' }, identity.components, identity.machineId),
    );
  } catch {
    // Without a LicenseKey nothing starts, which is said then.
    return [];
  }
}

describe.each(Object.entries(EXPECTED))('%s', (name, expected) => {
  const { runsOn, known, serial = NONE, mac = NONE, machineId = 'disk', warnings } = expected;
  const found = () => collectIdentity(fakeMachine(SYSTEMS[name as SystemName]));

  test('is told for what it is, by what it is recognised, and what will surprise', async () => {
    const identity = await found();
    const { kind, name: whose } = identity.environment ?? {};
    expect([kind, whose].filter(Boolean).join(' ')).toBe(runsOn);
    expect(Object.keys(identity.components)).toEqual(known);
    expect(identity.machineIdOrigin ?? '').toBe(machineId);
    expect(warningsOf(identity)).toEqual(warnings);
  });

  test('gets its LicenseKey by each strategy', async () => {
    const identity = await found();
    const fromId = machineId === '' ? NONE : FROM_MACHINE_ID;
    expect(keyBy('serial', identity)).toBe(serial);
    expect(keyBy('mac', identity)).toBe(mac);
    expect(keyBy('machine', identity)).toBe(fromId);
    expect(keyBy('hardware', identity)).toBe([serial, mac, fromId].find((key) => key !== NONE) ?? NONE);
  });
});

test('a LicenseKey that somebody chose is nobody else’s, in a container too', () => {
  const environment = { kind: 'container', name: 'docker' } as const;
  const components = { boardSerial: ['A'], productUuid: ['B'] };
  for (const source of ['file', 'literal'] as const)
    expect(identityWarnings({ components, environment }, { source })).toEqual([]);
});

test('this system is told to be one of the three', () => {
  expect(['machine', 'vm', 'container']).toContain(detectEnvironment().kind);
});

describe('the key of a TPM', () => {
  const key = async (files: Files) => (await collectIdentity(fakeMachine(files))).components.tpmKey?.[0];

  test('1.2 is a component, the same at each start and another for each chip', async () => {
    const one = await key(tpm12('A7'));
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(await key(tpm12('A7'))).toBe(one);
    expect(await key(tpm12('A8'))).not.toBe(one);
  });

  test('that is not shown is absent, and said to be', async () => {
    const tpm2 = { 'sys/class/tpm/tpm0/tpm_version_major': '2\n' };
    for (const files of [tpm2, tpm12('00')]) {
      const { components, ignored } = await collectIdentity(fakeMachine(files));
      expect([components.tpmKey, ignored?.tpmKey?.[0]?.why]).toEqual([undefined, 'silent']);
    }
  });
});

describe('why a value does not count', () => {
  test('is kept beside the values that do', async () => {
    const { ignored = {} } = await collectIdentity(
      fakeMachine({
        ...dmi({ board_serial: 'To be filled by O.E.M.' }),
        ...card('docker0', '02:42:ac:11:00:01', { type: '3', device: false }),
        ...card('eth0', '00:1b:21:aa:bb:01', { type: '3' }),
        ...card('eth1', '52:54:00:12:34:56'),
        ...card('eth2', '00:00:00:00:00:00'),
        ...card('lo', '00:00:00:00:00:00'),
      }),
    );
    expect(ignored.boardSerial).toEqual([
      { at: 'sys/class/dmi/id/board_serial', why: 'placeholder', value: 'To be filled by O.E.M.' },
    ]);
    expect(ignored.macs?.map(({ at, why }) => [at, why])).toEqual([
      ['docker0', 'virtual'],
      ['eth0', 'changed'],
      ['eth1', 'local'],
      ['eth2', 'placeholder'],
    ]);
    expect(Object.keys(ignored)).toEqual(['boardSerial', 'macs']);
  });

  test('is said in words', () => {
    const at = 'sys/class/dmi/id/board_serial';
    expect(ignoredText({ at, why: 'placeholder', value: 'None' }).en).toMatch(/^"None" is a placeholder/);
    expect(ignoredText({ at, why: 'unreadable' }).en).toContain('as root: license-agent identity --collect');
    expect(ignoredText({ at: 'eth1', why: 'local', value: '52:54:00:12:34:56' }).zh).toMatch(
      /^eth1 的地址为本地生成/,
    );
  });
});

describe('a user who may not read the serial numbers', () => {
  /** What nobody finds on a PC whose serial numbers are for root alone, as real kernels have it. */
  function foundByNobody(files: Files): Identity {
    const root = fakeMachine(files);
    chmodSync(root, 0o755);
    for (const name of ['board_serial', 'product_uuid'])
      chmodSync(join(root, 'sys/class/dmi/id', name), 0o400);
    const program = `import('./agent/identity.ts').then(async ({ collectIdentity }) => console.log(JSON.stringify(await collectIdentity(${JSON.stringify(root)}))))`;
    const [file, args] = asNobody([process.execPath, '-e', program]);
    return JSON.parse(execFileSync(file, args, { encoding: 'utf8' }));
  }

  test('is told which, and to collect them as root; what may be read counts', () => {
    const { components, ignored } = foundByNobody(pc);
    expect(Object.keys(components)).toEqual(['macs', 'diskSerial']);
    expect([ignored?.boardSerial?.[0]?.why, ignored?.productUuid?.[0]?.why]).toEqual([
      'unreadable',
      'unreadable',
    ]);
  });

  test('sees a fingerprint that matches the one that root collects', async () => {
    const { components: seen } = foundByNobody(pc);
    const { components: all } = await collectIdentity(fakeMachine(pc));
    for (const name of COMPONENTS) if (seen[name] !== undefined) expect(seen[name]).toEqual(all[name]);
  });
});
