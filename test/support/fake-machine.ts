import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporaryFolder } from './folder.ts';

/** Files by their path below the root. */
export type Files = Readonly<Record<string, string>>;

/** A machine's file system with these files in it, in a folder that goes with the test. */
export function fakeMachine(files: Files): string {
  const root = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text, 'latin1');
  }
  return root;
}

/** What firmware says of a machine. */
export function dmi(values: Files): Files {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`sys/class/dmi/id/${name}`, `${value}\n`]),
  );
}

/** A network card: its `addr_assign_type`, and whether hardware is behind it. */
export function card(name: string, address: string, { type = '0', device = true } = {}): Files {
  return {
    [`sys/class/net/${name}/address`]: `${address}\n`,
    [`sys/class/net/${name}/addr_assign_type`]: `${type}\n`,
    ...(device && { [`sys/class/net/${name}/device/vendor`]: '0x8086\n' }),
  };
}

/** The pair of a container's network, made up by its host. */
export const veth = card('eth0', '02:42:ac:11:00:02', { type: '3', device: false });

/** Lines of /proc/self/mountinfo: `8:1 / ext4 rw`. */
export function mounts(...lines: readonly string[]): Files {
  const text = lines.map((line, index) => {
    const [device = '', place = '', type = '', options = 'rw', superOptions = options] = line.split(' ');
    return `${30 + index} 1 ${device} / ${place} ${options},relatime shared:1 - ${type} none ${superOptions}\n`;
  });
  return { 'proc/self/mountinfo': `22 1 0:21 / /proc rw - proc proc rw\n${text.join('')}` };
}

/** The root on the first partition of a SATA disk. */
export function disk(serial: string): Files {
  return {
    ...mounts('8:1 / ext4'),
    'sys/block/sda/dev': '8:0\n',
    'sys/block/sda/sda1/dev': '8:1\n',
    'sys/block/sda/device/vpd_pg80': `\0\x80\0\x0e${serial}`,
  };
}

/** The root on an NVMe disk. */
export function nvme(serial: string): Files {
  return {
    ...mounts('259:1 / ext4'),
    'sys/block/nvme0n1/dev': '259:0\n',
    'sys/block/nvme0n1/nvme0n1p1/dev': '259:1\n',
    'sys/block/nvme0n1/device/serial': `${serial}   \n`,
  };
}

/** The root on the disk that a hypervisor lends. */
export function virtioDisk(serial = ''): Files {
  return {
    ...mounts('252:1 / ext4'),
    'sys/block/vda/dev': '252:0\n',
    'sys/block/vda/vda1/dev': '252:1\n',
    'sys/block/vda/serial': serial,
  };
}

export const MACHINE_ID = 'd4c1a2b3d4c1a2b3d4c1a2b3d4c1a2b3';
export const machineId: Files = { 'etc/machine-id': `${MACHINE_ID}\n` };
export const guestProcessor: Files = { 'proc/cpuinfo': 'flags\t\t: fpu vme hypervisor avx\n' };
export const kvmClock: Files = {
  'sys/devices/system/clocksource/clocksource0/available_clocksource': 'kvm-clock tsc acpi_pm \n',
};

/** The root of a container: layers of an image, changes on top. */
export const overlay = mounts('0:50 / overlay rw rw,lowerdir=/l,upperdir=/var/lib/docker/overlay2/a/diff');

/** A laptop as it is sold. */
export const pc: Files = {
  ...dmi({
    sys_vendor: 'LENOVO',
    product_name: '20XW',
    board_serial: 'PF1ABCDE',
    product_uuid: '4c4c4544-0042-3510-8054-b4c04f4d3332',
  }),
  ...card('enp0s31f6', '00:1B:21:AA:BB:02'),
  ...card('wlp2s0', '00:1b:21:aa:bb:01'),
  ...disk('S3Z6NB0K123456 '),
  ...machineId,
};

/** A public endorsement key as the kernel shows that of a TPM 1.2. */
export function tpm12(fill: string): Files {
  const line = `${Array.from({ length: 16 }, () => fill).join(' ')}\n`;
  return {
    'sys/class/tpm/tpm0/device/pubek': `Algorithm: 00 00 00 01\nEncscheme: 00 03\nSigscheme: 00 01\nParameters: 00 00 08 00 00 00 00 02 00 00 00 00\nModulus length: 256\nModulus:\n${line.repeat(16)}`,
  };
}
