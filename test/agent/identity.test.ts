import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { collectIdentity, readIdentityFile } from '../../agent/identity.ts';
import { meaningful, meaningfulDisk } from '../../agent/placeholder.ts';
import { card, fakeMachine, mounts } from '../support/fake-machine.ts';
import { codeOf } from '../support/forge.ts';

describe('a machine is recognised by', () => {
  test('its board, its cards and its root disk', async () => {
    const root = fakeMachine({
      'sys/class/dmi/id/board_serial': 'PF1ABCDE\n',
      'sys/class/dmi/id/product_uuid': '4c4c4544-0042-3510-8054-b4c04f4d3332\n',
      'etc/machine-id': 'd4c1a2b3d4c1a2b3d4c1a2b3d4c1a2b3\n',
      ...card('eth1', '00:1B:21:AA:BB:02'),
      ...card('eth0', '00:1b:21:aa:bb:01'),
      ...mounts('8:1 / ext4'),
      'sys/block/sda/dev': '8:0\n',
      'sys/block/sda/sda1/dev': '8:1\n',
      'sys/block/sda/device/vpd_pg80': '\0\x80\0\x0eS3Z6NB0K123456 ',
      'sys/block/sdb/dev': '8:16\n',
      'sys/block/sdb/device/serial': 'a USB stick',
    });
    expect(await collectIdentity(root)).toEqual({
      components: {
        boardSerial: ['PF1ABCDE'],
        productUuid: ['4c4c4544-0042-3510-8054-b4c04f4d3332'],
        macs: ['00:1b:21:aa:bb:01', '00:1b:21:aa:bb:02'],
        diskSerial: ['S3Z6NB0K123456'],
      },
      ignored: {},
      machineId: 'd4c1a2b3d4c1a2b3d4c1a2b3d4c1a2b3',
      machineIdOrigin: 'disk',
      environment: { kind: 'machine' },
    });
  });

  test('the serial number of a system on a chip', async () => {
    const tree = fakeMachine({ 'proc/device-tree/serial-number': '10000000abcdef01\0' });
    const bus = fakeMachine({ 'sys/devices/soc0/serial_number': '0x1234abcd\n' });
    expect((await collectIdentity(tree)).components).toEqual({ socSerial: ['10000000abcdef01'] });
    expect((await collectIdentity(bus)).components).toEqual({ socSerial: ['0x1234abcd'] });
  });

  test('the disk below an encrypted volume', async () => {
    const root = fakeMachine({
      ...mounts('253:0 / ext4'),
      'sys/block/dm-0/dev': '253:0\n',
      'sys/block/dm-0/dm/name': 'root\n',
      'sys/block/dm-0/slaves/nvme0n1p2/dev': '259:2\n',
      'sys/block/nvme0n1/dev': '259:0\n',
      'sys/block/nvme0n1/nvme0n1p2/dev': '259:2\n',
      'sys/block/nvme0n1/device/serial': 'S4EVNX0R123456      \n',
    });
    expect((await collectIdentity(root)).components).toEqual({ diskSerial: ['S4EVNX0R123456'] });
  });
});

describe('a machine is not recognised by', () => {
  test('cards that are virtual, made up locally or random', async () => {
    const root = fakeMachine({
      ...card('docker0', '00:42:ac:11:00:02', { device: false }),
      ...card('eth0', '02:42:ac:11:00:02'),
      ...card('wlan0', '00:1b:21:aa:bb:03', { type: '1' }),
      ...card('lo', '00:00:00:00:00:00'),
    });
    expect((await collectIdentity(root)).components).toEqual({});
  });

  test.each([
    'To be filled by O.E.M.',
    'Default string',
    'None',
    '0000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    '00000000-0000-0000-0000-000000000000',
    '03000200-0400-0500-0006-000700080009',
    'fefefefe-fefe-fefe-fefe-fefefefefefe',
    'BSN12345678901234567',
    'Board Serial Number',
    'Not Provided',
    'INVALID SERIAL',
    '78563412-3412-7856-90AB-CDDEEFAABBCC',
    '00:11:22:33:44:55',
    '   ',
    '\0',
  ])('the placeholder %j', (value) => {
    expect(meaningful(value)).toBeUndefined();
  });

  test.each(['QM00001', 'drive-scsi0', 'drive-scsi0-0-1', 'VMwareNVME_0000', 'overlayblk'])(
    'the name %j that a hypervisor gives to the disk of every guest',
    (name) => {
      expect(meaningfulDisk(name)).toBeUndefined();
    },
  );

  test('a value that is longer than an identity file takes, by its beginning', () => {
    expect(meaningful(`SN-${'0123456789ab'.repeat(40)}`)).toHaveLength(256);
  });

  test.each(['B1', '1212', 'PF1ABCDE', 'vol0123456789abcdef0', '0x1a2b3c4d'])('but by %j it is', (value) => {
    expect(meaningful(value)).toBe(value);
    expect(meaningfulDisk(value)).toBe(value);
  });

  test('the machine-id of an image that was never started', async () => {
    expect(await collectIdentity(fakeMachine({ 'etc/machine-id': 'uninitialized\n' }))).toEqual({
      components: {},
      ignored: {},
      environment: { kind: 'machine' },
    });
  });
});

test('an identity file that is not one is refused', async () => {
  const root = fakeMachine({ 'identity.json': '{"components":{"macs":"x"}}' });
  expect(await codeOf(() => readIdentityFile(join(root, 'identity.json')))).toBe('identity_malformed');
});
