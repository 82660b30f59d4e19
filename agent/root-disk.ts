import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listIfThere, readIfThere } from './system-files.ts';

/** Where drivers publish a disk's serial number: NVMe and MMC, virtio, SCSI and SATA. */
const SERIAL_FILES = ['device/serial', 'serial', 'device/vpd_pg80', 'device/cid'];

/**
 * The serial number of the disk that the root file system is on: other disks come and go. Volumes (LVM, LUKS)
 * are followed to what they lie on; undefined where the root is on no disk, as in a container.
 *
 * @param root where the machine's file system stands
 */
export function rootDiskSerial(root: string): string | undefined {
  const number = rootDeviceNumber(root);
  const disk = number === undefined ? undefined : diskOf(join(root, 'sys/block'), number);
  if (disk === undefined) return undefined;
  for (const file of SERIAL_FILES) {
    const serial = readIfThere(join(root, 'sys/block', disk, file), 'latin1');
    if (serial !== undefined) return printable(serial);
  }
  return undefined;
}

/** `8:1` of what is mounted at `/`. Source: proc(5), mountinfo fields 3 and 5. */
function rootDeviceNumber(root: string): string | undefined {
  const mounts = (readIfThere(join(root, 'proc/self/mountinfo'), 'latin1') ?? '')
    .split('\n')
    .map((line) => line.split(' '));
  return mounts.findLast(([, , , , mountPoint]) => mountPoint === '/')?.[2];
}

function diskOf(blocks: string, number: string): string | undefined {
  const owner = listIfThere(blocks).find((disk) =>
    [disk, ...listIfThere(join(blocks, disk)).map((part) => join(disk, part))].some(
      (device) => readIfThere(join(blocks, device, 'dev'), 'latin1')?.trim() === number,
    ),
  );
  if (owner === undefined) return undefined;
  const [below] = listIfThere(join(blocks, owner, 'slaves'));
  const belowNumber = below && readIfThere(join(blocks, owner, 'slaves', below, 'dev'), 'latin1')?.trim();
  return belowNumber && existsSync(join(blocks, owner, 'dm')) ? diskOf(blocks, belowNumber) : owner;
}

/**
 * A vital product data page starts with four bytes of its own, the second of which is its number, 80h (SPC-5,
 * "Unit Serial Number VPD page"); the other files are plain text.
 */
function printable(text: string): string {
  return (text.charCodeAt(1) === 0x80 ? text.slice(4) : text).replace(/[^\x21-\x7e]/g, '');
}
