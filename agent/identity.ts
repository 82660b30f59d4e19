import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as Type from 'typebox';
import type { Components } from '#core/device/fingerprint.ts';
import { readTextFile } from '#core/host/files.ts';
import { parseJson } from '#core/shapes.ts';
import { detectEnvironment, SystemEnvironment } from './environment.ts';
import { rootDiskSerial } from './root-disk.ts';
import { listIfThere, readIfThere } from './system-files.ts';

const Values = Type.Optional(
  Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 64 }),
);

/** What a machine says of itself; also the content of an identity file. */
export const Identity = Type.Object({
  components: Type.Object({
    boardSerial: Values,
    productUuid: Values,
    socSerial: Values,
    macs: Values,
    diskSerial: Values,
    tpmKey: Values,
  }),
  /** Reported and used for LicenseKeys, but no part of the fingerprint: images share it. */
  machineId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  environment: Type.Optional(SystemEnvironment),
});
export type Identity = Type.Static<typeof Identity>;

/**
 * Reads what a privileged step collected, so that the daemon and every command see the same identity.
 *
 * @throws `file_unreadable`, `identity_malformed`
 */
export function readIdentityFile(file: string): Identity {
  return parseJson(Identity, readTextFile(file, 65_536), 'identity_malformed', file);
}

/**
 * Collects the identity of the machine whose file system stands at `root`. What may not be read is absent.
 * Source: protocol, Identity.
 */
export async function collectIdentity(root = '/'): Promise<Identity> {
  const one = (...files: string[]) => firstValue(files.map((file) => join(root, file)));
  const components = {
    boardSerial: one('sys/class/dmi/id/board_serial'),
    productUuid: one('sys/class/dmi/id/product_uuid'),
    socSerial: one('proc/device-tree/serial-number', 'sys/devices/soc0/serial_number'),
    macs: permanentMacs(root),
    diskSerial: toList(meaningful(rootDiskSerial(root))),
  };
  const machineId = await readMachineId(root);
  return {
    components: Object.fromEntries(
      Object.entries(components).filter(([, values]) => values.length > 0),
    ) as Components & Identity['components'],
    ...(machineId !== undefined && { machineId }),
    environment: detectEnvironment(root),
  };
}

/** What boards say when nobody gave them a serial number, in lower case. */
const PLACEHOLDERS = new Set([
  'to be filled by o.e.m.',
  'to be filled by o.e.m',
  'default string',
  'base board serial number',
  'system serial number',
  'chassis serial number',
  'serial number',
  'not specified',
  'not applicable',
  'not available',
  'none',
  'n/a',
  'na',
  'null',
  'oem',
  'o.e.m.',
  'invalid',
  'unknown',
  'empty',
  'type2 - board serial number',
  '123456789',
  '0123456789',
  '1234567890',
  // Burnt by one firmware vendor into whole series of boards.
  '03000200-0400-0500-0006-000700080009',
]);

/** A value that tells machines apart, or undefined for a placeholder. Source: protocol, Identity. */
export function meaningful(raw: string | undefined): string | undefined {
  const value = raw?.replaceAll('\0', '').trim() ?? '';
  const repeats = /^(.)\1*$/.test(value.replace(/[-: .]/g, '').toLowerCase());
  return value === '' || repeats || PLACEHOLDERS.has(value.toLowerCase()) ? undefined : value;
}

/** Addresses burnt into real cards: given by hardware, behind it a device, not made up locally. */
function permanentMacs(root: string): string[] {
  const folder = join(root, 'sys/class/net');
  return listIfThere(folder)
    .filter((card) => existsSync(join(folder, card, 'device')))
    .filter((card) => readIfThere(join(folder, card, 'addr_assign_type'))?.trim() === '0')
    .flatMap((card) => toList(meaningful(readIfThere(join(folder, card, 'address')))?.toLowerCase()))
    .filter((mac) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac) && !isLocallyAdministered(mac))
    .toSorted();
}

/** IEEE 802, the second bit of the first octet. */
function isLocallyAdministered(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 0b10) !== 0;
}

async function readMachineId(root: string): Promise<string | undefined> {
  const [found] = firstValue([join(root, 'etc/machine-id'), join(root, 'var/lib/dbus/machine-id')]);
  if (found !== undefined && found !== 'uninitialized') return found;
  if (process.platform === 'linux') return undefined;
  const { default: machineId } = await import('node-machine-id');
  return meaningful(machineId.machineIdSync(true));
}

function firstValue(files: readonly string[]): string[] {
  return files.flatMap((file) => toList(meaningful(readIfThere(file)))).slice(0, 1);
}

function toList(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
