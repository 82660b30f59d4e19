import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deriveLicenseKey } from '#core/device/license-key.ts';
import { asLicenseError } from '#core/errors.ts';
import { whyAbsent } from '../../agent/absent-component.ts';
import { detectEnvironment, type SystemEnvironment } from '../../agent/environment.ts';
import { collectIdentity } from '../../agent/identity.ts';
import { identityWarnings } from '../../agent/identity-warnings.ts';
import { temporaryFolder } from './support.ts';

type Files = Readonly<Record<string, string>>;

/** A system's files below a folder of its own. */
function system(files: Files): string {
  const root = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text, 'latin1');
  }
  return root;
}

const MACHINE_ID = { 'etc/machine-id': 'd4c1a2b3d4c1a2b3d4c1a2b3d4c1a2b3\n' };
const dmi = (values: Files): Files =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`sys/class/dmi/id/${name}`, `${value}\n`]),
  );
const card = (name: string, address: string, type = '0', device = true): Files => ({
  [`sys/class/net/${name}/address`]: `${address}\n`,
  [`sys/class/net/${name}/addr_assign_type`]: `${type}\n`,
  ...(device && { [`sys/class/net/${name}/device/vendor`]: '0x8086\n' }),
});
const disk = (serial: string): Files => ({
  'proc/self/mountinfo': '23 1 8:1 / / rw - ext4 /dev/sda1 rw\n',
  'sys/block/sda/dev': '8:0\n',
  'sys/block/sda/sda1/dev': '8:1\n',
  'sys/block/sda/device/serial': serial,
});
const PC: Files = {
  ...dmi({
    sys_vendor: 'LENOVO',
    product_name: '20XW',
    board_serial: 'PF1ABCDE',
    product_uuid: '4c4c4544-0042-3510-8054-b4c04f4d3332',
  }),
  ...card('eth0', '00:1b:21:aa:bb:01'),
  ...disk('S3Z6NB0K123456'),
  ...MACHINE_ID,
};
const GUEST_CPU = { 'proc/cpuinfo': 'flags\t\t: fpu vme hypervisor avx\n' };

interface Expected {
  readonly environment: SystemEnvironment;
  /** Components that are known. */
  readonly known: readonly string[];
  /** Where the LicenseKey comes from by the default strategy, or why it comes from nowhere. */
  readonly source: string;
  readonly warnings: readonly string[];
}

const SYSTEMS: [string, Files, Expected][] = [
  [
    'a PC',
    PC,
    {
      environment: { kind: 'machine' },
      known: ['boardSerial', 'productUuid', 'macs', 'diskSerial'],
      source: 'serial',
      warnings: [],
    },
  ],
  [
    'a PC whose maker filled nothing in',
    {
      ...dmi({
        sys_vendor: 'To Be Filled By O.E.M.',
        board_serial: 'Default string',
        product_uuid: '03000200-0400-0500-0006-000700080009',
      }),
      ...card('enp1s0', '00:1b:21:aa:bb:09'),
      ...disk('WD-123'),
      ...MACHINE_ID,
    },
    { environment: { kind: 'machine' }, known: ['macs', 'diskSerial'], source: 'mac', warnings: [] },
  ],
  [
    'a Raspberry Pi',
    {
      'proc/device-tree/serial-number': '10000000abcdef01\0',
      ...card('eth0', 'dc:a6:32:00:00:01'),
      ...card('wlan0', 'dc:a6:32:00:00:02'),
      ...MACHINE_ID,
    },
    { environment: { kind: 'machine' }, known: ['socSerial', 'macs'], source: 'serial', warnings: [] },
  ],
  [
    'an i.MX board',
    {
      'sys/devices/soc0/serial_number': '0A1B2C3D4E5F\n',
      ...card('eth0', '00:04:9f:01:02:03'),
      ...MACHINE_ID,
    },
    { environment: { kind: 'machine' }, known: ['socSerial', 'macs'], source: 'serial', warnings: [] },
  ],
  [
    'a board of which nothing is known but its card',
    { ...card('eth0', '00:04:9f:01:02:03'), ...MACHINE_ID },
    { environment: { kind: 'machine' }, known: ['macs'], source: 'mac', warnings: ['fingerprint_weak'] },
  ],
  [
    'a KVM guest',
    {
      ...dmi({
        sys_vendor: 'QEMU',
        product_name: 'Standard PC (Q35 + ICH9, 2009)',
        product_uuid: '9d1f6f6e-0000-4000-8000-000000000001',
      }),
      ...card('ens3', '52:54:00:12:34:56'),
      ...MACHINE_ID,
      ...GUEST_CPU,
    },
    {
      environment: { kind: 'vm', name: 'qemu' },
      known: ['productUuid'],
      source: 'machine',
      warnings: ['license_key_shared', 'fingerprint_weak'],
    },
  ],
  [
    'a VMware guest',
    {
      ...dmi({
        sys_vendor: 'VMware, Inc.',
        product_name: 'VMware Virtual Platform',
        board_serial: 'None',
        product_uuid: '564d1234-5678-9abc-def0-123456789abc',
      }),
      ...card('ens33', '00:0c:29:aa:bb:cc'),
      ...MACHINE_ID,
    },
    {
      environment: { kind: 'vm', name: 'vmware' },
      known: ['productUuid', 'macs'],
      source: 'mac',
      warnings: [],
    },
  ],
  [
    'a Hyper-V guest',
    {
      ...dmi({
        sys_vendor: 'Microsoft Corporation',
        product_name: 'Virtual Machine',
        board_serial: '1234-5678-9012',
        product_uuid: '11111111-2222-3333-4444-555555555555',
      }),
      ...MACHINE_ID,
    },
    {
      environment: { kind: 'vm', name: 'microsoft' },
      known: ['boardSerial', 'productUuid'],
      source: 'serial',
      warnings: [],
    },
  ],
  [
    'an EC2 instance',
    {
      ...dmi({ sys_vendor: 'Amazon EC2', product_uuid: 'ec2a1234-5678-9abc-def0-123456789abc' }),
      ...MACHINE_ID,
      ...GUEST_CPU,
    },
    {
      environment: { kind: 'vm', name: 'amazon' },
      known: ['productUuid'],
      source: 'machine',
      warnings: ['license_key_shared', 'fingerprint_weak'],
    },
  ],
  [
    'a guest that does not say whose it is',
    { ...MACHINE_ID, ...GUEST_CPU },
    {
      environment: { kind: 'vm' },
      known: [],
      source: 'machine',
      warnings: ['license_key_shared', 'fingerprint_weak'],
    },
  ],
  [
    'a Docker container on a PC',
    {
      ...PC,
      '.dockerenv': '',
      ...card('eth0', '02:42:ac:11:00:02', '3', false),
      'proc/self/mountinfo': '1 0 0:50 / / rw - overlay overlay rw\n',
    },
    {
      environment: { kind: 'container', name: 'docker' },
      known: ['boardSerial', 'productUuid'],
      source: 'serial',
      warnings: ['license_key_of_host'],
    },
  ],
  [
    'a Docker container that sees no hardware',
    { '.dockerenv': '', ...MACHINE_ID },
    {
      environment: { kind: 'container', name: 'docker' },
      known: [],
      source: 'machine',
      warnings: ['license_key_unstable', 'fingerprint_weak'],
    },
  ],
  [
    'a podman container',
    { 'run/.containerenv': 'engine="podman-4.3.1"\n', ...MACHINE_ID },
    {
      environment: { kind: 'container', name: 'podman' },
      known: [],
      source: 'machine',
      warnings: ['license_key_unstable', 'fingerprint_weak'],
    },
  ],
  [
    'an LXC container',
    { 'proc/1/environ': 'PATH=/bin\0container=lxc\0TERM=linux\0', ...MACHINE_ID },
    {
      environment: { kind: 'container', name: 'lxc' },
      known: [],
      source: 'machine',
      warnings: ['license_key_unstable', 'fingerprint_weak'],
    },
  ],
  [
    'systemd-nspawn',
    { 'run/systemd/container': 'systemd-nspawn\n', ...MACHINE_ID },
    {
      environment: { kind: 'container', name: 'systemd-nspawn' },
      known: [],
      source: 'machine',
      warnings: ['license_key_unstable', 'fingerprint_weak'],
    },
  ],
  [
    'a Kubernetes pod',
    { 'run/secrets/kubernetes.io/serviceaccount/namespace': 'default', ...MACHINE_ID },
    {
      environment: { kind: 'container', name: 'kubernetes' },
      known: [],
      source: 'machine',
      warnings: ['license_key_unstable', 'fingerprint_weak'],
    },
  ],
  [
    'WSL',
    { 'proc/sys/kernel/osrelease': '5.15.153.1-microsoft-standard-WSL2\n', ...MACHINE_ID },
    {
      environment: { kind: 'container', name: 'wsl' },
      known: [],
      source: 'machine',
      warnings: ['license_key_unstable', 'fingerprint_weak'],
    },
  ],
  [
    'a container whose image has no machine-id',
    { '.dockerenv': '' },
    {
      environment: { kind: 'container', name: 'docker' },
      known: [],
      source: 'license_key_underivable',
      warnings: [],
    },
  ],
];

describe.each(SYSTEMS)('%s', (_, files, expected) => {
  test('is told for what it is, with what it is recognised by, and what will surprise', async () => {
    const identity = await collectIdentity(system(files));
    expect(identity.environment).toEqual(expected.environment);
    expect(Object.keys(identity.components)).toEqual(expected.known);
    const derived = (() => {
      try {
        return deriveLicenseKey({ kind: 'hardware' }, identity.components, identity.machineId);
      } catch (thrown) {
        return asLicenseError(thrown).code;
      }
    })();
    if (typeof derived === 'string') return expect(derived).toBe(expected.source);
    expect(derived.source).toBe(expected.source);
    expect(identityWarnings(identity, derived)).toEqual(expected.warnings);
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

describe('why a component is not known', () => {
  test('a placeholder, no such thing, and cards that are none', () => {
    const root = system({
      ...dmi({ board_serial: 'To be filled by O.E.M.' }),
      ...card('veth0', '02:42:ac:11:00:02', '3', false),
    });
    expect(whyAbsent('boardSerial', root).en).toContain('"To be filled by O.E.M." is a placeholder');
    expect(whyAbsent('productUuid', root).en).toBe('this system has none');
    expect(whyAbsent('macs', root).en).toContain('veth0');
    expect(whyAbsent('macs', system({})).zh).toBe('本系统没有');
  });

  test('a serial number that only root may read', () => {
    const root = system(dmi({ board_serial: 'PF1ABCDE' }));
    const file = join(root, 'sys/class/dmi/id/board_serial');
    chmodSync(file, 0o400);
    chmodSync(root, 0o755);
    const program = `import('./agent/absent-component.ts').then(({ whyAbsent }) => console.log(whyAbsent('boardSerial', ${JSON.stringify(root)}).en))`;
    const said = execFileSync('runuser', ['-u', 'nobody', '--', process.execPath, '-e', program], {
      encoding: 'utf8',
    });
    expect(said).toContain('license-agent identity --collect');
  });
});
