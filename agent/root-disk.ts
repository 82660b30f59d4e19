import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mountOf } from './mount-of.ts';
import { listIfThere, readIfThere } from './system-files.ts';

/** Where drivers publish a disk's serial number: NVMe and MMC, virtio, SCSI and SATA. */
const SERIAL_FILES = ['device/serial', 'serial', 'device/vpd_pg80', 'device/cid'];

/** A disk's serial number as it stands in a file below the root. */
export interface DiskSerial {
  readonly file: string;
  /** Printable; empty where the file holds nothing else. */
  readonly serial: string;
}

/**
 * The serial number of the disk that the root file system is on: other disks come and go. Volumes (LVM, LUKS)
 * are followed to what they lie on; undefined where the root is on no disk, as in a container.
 *
 * @param root where the machine's file system stands
 */
export function rootDiskSerial(root: string): DiskSerial | undefined {
  const mount = mountOf('/', root);
  const disk = mount && diskOf(join(root, 'sys/block'), mount.device);
  if (disk === undefined) return undefined;
  for (const file of SERIAL_FILES.map((name) => join('sys/block', disk, name))) {
    const serial = readIfThere(join(root, file), 'latin1');
    if (serial !== undefined) return { file, serial: printable(serial) };
  }
  return undefined;
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
