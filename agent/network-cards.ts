import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { meaningful } from './placeholder.ts';
import { listIfThere, readIfThere } from './system-files.ts';

/** A network card and why its address is not that of the machine; undefined where it is. */
export interface NetworkCard {
  readonly name: string;
  readonly address: string;
  readonly why: 'virtual' | 'changed' | 'local' | 'placeholder' | undefined;
}

/** `addr_assign_type` of an address that the hardware gave. Source: Linux, Documentation/ABI/testing/sysfs-class-net. */
const PERMANENT = '0';

/** The cards of a machine but the loopback; the address of a real one is burnt into it and given by the hardware. */
export function networkCards(root: string): NetworkCard[] {
  const folder = join(root, 'sys/class/net');
  return listIfThere(folder)
    .filter((name) => name !== 'lo')
    .toSorted()
    .flatMap((name) => {
      const card = join(folder, name);
      const address = readIfThere(join(card, 'address'))?.trim().toLowerCase() ?? '';
      // Tunnels and buses have addresses of other kinds, or none.
      if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(address)) return [];
      return [{ name, address, why: whyNot(card, address) }];
    });
}

function whyNot(card: string, address: string): NetworkCard['why'] {
  if (!existsSync(join(card, 'device'))) return 'virtual';
  if (readIfThere(join(card, 'addr_assign_type'))?.trim() !== PERMANENT) return 'changed';
  if (isLocallyAdministered(address)) return 'local';
  return meaningful(address) === undefined ? 'placeholder' : undefined;
}

/** IEEE 802, the second bit of the first octet. */
function isLocallyAdministered(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 0b10) !== 0;
}
