import { createHmac } from 'node:crypto';
import { LicenseError } from '../errors.ts';
import { isLicenseKey, parseLicenseKey } from '../ids.ts';
import type { Components } from './fingerprint.ts';

/** How a device comes by its LicenseKey. Source: protocol, Identity. */
export type LicenseKeyStrategy =
  /** Board or SoC serial, else a permanent MAC address, else the machine-id. */
  | { readonly kind: 'hardware' }
  | { readonly kind: 'serial' }
  | { readonly kind: 'mac' }
  | { readonly kind: 'machine' }
  /** The first line of a file, which the caller has read. */
  | { readonly kind: 'file'; readonly content: string }
  | { readonly kind: 'literal'; readonly value: string };

export interface DerivedLicenseKey {
  readonly licenseKey: string;
  readonly source: 'serial' | 'mac' | 'machine' | 'file' | 'literal';
  /** Set where the key may be shared by other devices: disk images carry the machine-id along. */
  readonly shared: boolean;
}

/**
 * Derives a LicenseKey. Serial numbers and MAC addresses stand in it as people read them off the device, so
 * that a list of them can be preauthorized; a machine-id is confidential (machine-id(5)) and goes in as an
 * HMAC. It is derived once and then kept.
 *
 * @throws `license_key_underivable` where the machine has nothing the strategy needs, `license_key_invalid`
 */
export function deriveLicenseKey(
  strategy: LicenseKeyStrategy,
  components: Components,
  machineId: string | undefined,
): DerivedLicenseKey {
  switch (strategy.kind) {
    case 'literal':
      return found('literal', strategy.value);
    case 'file':
      return found('file', strategy.content.split(/\r?\n/, 1)[0]?.trim() ?? '');
    case 'serial':
      return fromSerial(components) ?? underivable(strategy.kind);
    case 'mac':
      return fromMac(components) ?? underivable(strategy.kind);
    case 'machine':
      return fromMachineId(machineId) ?? underivable(strategy.kind);
    case 'hardware':
      return (
        fromSerial(components) ??
        fromMac(components) ??
        fromMachineId(machineId) ??
        underivable(strategy.kind)
      );
  }
}

function fromSerial({ boardSerial, socSerial }: Components): DerivedLicenseKey | undefined {
  // A serial that cannot be a LicenseKey is as good as none: the next source is asked.
  const serial = [boardSerial?.[0], socSerial?.[0]].find(isLicenseKey);
  return serial === undefined ? undefined : found('serial', serial);
}

/** The lowest address, so that the order in which the kernel finds its cards does not matter. */
function fromMac({ macs }: Components): DerivedLicenseKey | undefined {
  const mac = macs?.toSorted()[0];
  return mac === undefined ? undefined : found('mac', mac.replaceAll(':', '').toUpperCase());
}

function fromMachineId(machineId: string | undefined): DerivedLicenseKey | undefined {
  if (machineId === undefined) return undefined;
  const key = createHmac('sha256', machineId).update('license-agent LicenseKey').digest('hex').slice(0, 32);
  return { ...found('machine', key), shared: true };
}

function found(source: DerivedLicenseKey['source'], value: string): DerivedLicenseKey {
  return { licenseKey: parseLicenseKey(value), source, shared: false };
}

function underivable(strategy: string): never {
  throw new LicenseError('license_key_underivable', { strategy });
}
