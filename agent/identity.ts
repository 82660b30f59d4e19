import { join } from 'node:path';
import * as Type from 'typebox';
import { COMPONENTS, type ComponentName, componentsOf } from '#core/device/fingerprint.ts';
import { readTextFile } from '#core/host/files.ts';
import { parseJson } from '#core/shapes.ts';
import { detectEnvironment, SystemEnvironment } from './environment.ts';
import { IgnoredValue, ignoredFile } from './ignored-value.ts';
import { MachineIdOrigin, readMachineId } from './machine-id.ts';
import { networkCards } from './network-cards.ts';
import { meaningful, meaningfulDisk } from './placeholder.ts';
import { rootDiskSerial } from './root-disk.ts';
import { readIfThere } from './system-files.ts';
import { silentTpm, tpmKey } from './tpm-key.ts';

const MOST_VALUES = 64;

/** What a machine says of itself; also the content of an identity file. */
export const Identity = Type.Object({
  components: componentsOf(Type.String({ minLength: 1, maxLength: 256 }), MOST_VALUES),
  /** What was seen and does not count. */
  ignored: Type.Optional(componentsOf(IgnoredValue, MOST_VALUES)),
  /** Reported and used for LicenseKeys, but no part of the fingerprint: images share it. */
  machineId: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  machineIdOrigin: Type.Optional(MachineIdOrigin),
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

/** Values of a component that count, and what was seen beside them. */
interface Seen {
  readonly values: readonly string[];
  readonly ignored: readonly IgnoredValue[];
}

/**
 * Collects the identity of the machine whose file system stands at `root`. What may not be read is absent.
 * Source: protocol, Identity.
 */
export async function collectIdentity(root = '/'): Promise<Identity> {
  const environment = detectEnvironment(root);
  const seen: Record<ComponentName, Seen> = {
    boardSerial: inFiles(root, ['sys/class/dmi/id/board_serial']),
    productUuid: inFiles(root, ['sys/class/dmi/id/product_uuid']),
    socSerial: socSerial(root),
    macs: permanentMacs(root),
    diskSerial: diskSerial(root),
    tpmKey: keyOfTpm(root),
  };
  const machineId = await readMachineId(root, environment);
  return {
    components: known(seen, ({ values }) => values),
    ignored: known(seen, ({ ignored }) => ignored),
    ...(machineId !== undefined && { machineId: machineId.value, machineIdOrigin: machineId.origin }),
    environment,
  };
}

/** The first of several files that holds a value which counts. */
function inFiles(root: string, files: readonly string[]): Seen {
  const ignored: IgnoredValue[] = [];
  for (const file of files) {
    const value = meaningful(readIfThere(join(root, file)));
    if (value !== undefined) return { values: [value], ignored };
    const not = ignoredFile(root, file);
    if (not !== undefined) ignored.push(not);
  }
  return { values: [], ignored };
}

/** Boot loaders put it into the device tree, buses of a vendor show it, and older kernels have it with the processors. */
function socSerial(root: string): Seen {
  const seen = inFiles(root, ['proc/device-tree/serial-number', 'sys/devices/soc0/serial_number']);
  if (seen.values.length > 0) return seen;
  const [, serial] = /^Serial\s*:\s*(\S+)\s*$/m.exec(readIfThere(join(root, 'proc/cpuinfo')) ?? '') ?? [];
  return { ...seen, values: toList(meaningful(serial)) };
}

/** Addresses burnt into real cards. */
function permanentMacs(root: string): Seen {
  const cards = networkCards(root);
  return {
    values: cards.flatMap(({ address, why }) => (why === undefined ? [address] : [])).toSorted(),
    ignored: cards.flatMap(({ name: at, address: value, why }) =>
      why === undefined ? [] : [{ at, why, value }],
    ),
  };
}

function diskSerial(root: string): Seen {
  const found = rootDiskSerial(root);
  const values = toList(meaningfulDisk(found?.serial));
  if (found === undefined || found.serial === '' || values.length > 0) return { values, ignored: [] };
  return { values, ignored: [{ at: found.file, why: 'placeholder', value: found.serial.slice(0, 64) }] };
}

function keyOfTpm(root: string): Seen {
  const at = silentTpm(root);
  return {
    values: toList(tpmKey(root)),
    ignored: at === undefined ? [] : [{ at, why: 'silent' }],
  };
}

function known<T>(
  seen: Readonly<Record<ComponentName, Seen>>,
  pick: (seen: Seen) => readonly T[],
): Partial<Record<ComponentName, T[]>> {
  return Object.fromEntries(
    COMPONENTS.flatMap((name) => {
      const picked = pick(seen[name]).slice(0, MOST_VALUES);
      return picked.length > 0 ? [[name, picked]] : [];
    }),
  );
}

function toList(value: string | undefined): string[] {
  return value === undefined ? [] : [value];
}
