/** What boards and disks say when nobody gave them a serial number, in lower case. */
const PLACEHOLDERS = new Set([
  'to be filled by o.e.m.',
  'to be filled by o.e.m',
  'to be filled by oem',
  'default string',
  'base board serial number',
  'board serial number',
  'system serial number',
  'chassis serial number',
  'serial number',
  'not specified',
  'not applicable',
  'not available',
  'not set',
  'not provided',
  'undefined',
  'none',
  'n/a',
  'na',
  'null',
  'oem',
  'o.e.m.',
  'invalid',
  'invalid serial',
  'invalid serial number',
  'filled by oem',
  'filled by o.e.m.',
  'unknown',
  'empty',
  'tbd',
  'type2 - board serial number',
  'bsn12345678901234567',
  'mb-1234567890',
  'bss-0123456789',
  '1234567',
  '12345678',
  '123456789',
  '0123456789',
  '1234567890',
  '0123456789abcdef',
  // Burnt by firmware vendors into whole series of boards.
  '03000200-0400-0500-0006-000700080009',
  '00020003-0004-0005-0006-000700080009',
  '12345678-1234-5678-90ab-cddeefaabbcc',
  '78563412-3412-7856-90ab-cddeefaabbcc',
  '03020100-0504-0706-0809-0a0b0c0d0e0f',
  '00010203-0405-0607-0809-0a0b0c0d0e0f',
  // Of examples in the manuals of network chips.
  '00:11:22:33:44:55',
  '00:01:02:03:04:05',
  '00:00:00:00:00:01',
  // Given by hypervisors to the disks of all their guests; a disk's serial number comes without its spaces.
  '00000000000000000001',
  '0000000000000001',
  'vmwarenvme_0000',
]);

/** Of QEMU: disks that nobody named are numbered. */
const NUMBERED_DISK = /^(qm0000\d|drive-(scsi|virtio|ide|sata)\d+(-\d+)*|lun\d+)$/;

/** What an identity file takes; of a longer value its beginning tells enough. */
const MOST_LENGTH = 256;

/** A value that tells machines apart, or undefined for a placeholder. Source: protocol, Identity. */
export function meaningful(raw: string | undefined): string | undefined {
  const value = raw?.replaceAll('\0', '').trim().slice(0, MOST_LENGTH) ?? '';
  const lower = value.toLowerCase();
  // One character all along, or one pair of them again and again.
  const repeats = /^(.)\1*$|^(..)\2{3,}$/.test(lower.replace(/[-: .]/g, ''));
  return value === '' || repeats || PLACEHOLDERS.has(lower) ? undefined : value;
}

/** A disk's serial number, or undefined for a name that a hypervisor gave it: the same for all its guests. */
export function meaningfulDisk(raw: string | undefined): string | undefined {
  const value = meaningful(raw);
  return value === undefined || !/\d/.test(value) || NUMBERED_DISK.test(value.toLowerCase())
    ? undefined
    : value;
}
