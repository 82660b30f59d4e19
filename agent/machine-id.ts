import { join } from 'node:path';
import * as Type from 'typebox';
import type { SystemEnvironment } from './environment.ts';
import { isInMemory, mountOf } from './mount-of.ts';
import { meaningful } from './placeholder.ts';
import { readIfThere } from './system-files.ts';

const FILES = ['etc/machine-id', 'var/lib/dbus/machine-id'];

/**
 * Where a machine-id stands, which tells how long it stays and with whom it is shared: `disk`, of this system, which
 * copies of it share; `image`, of a container's image; `host`, lent to a container by its host; `memory`, made anew at
 * each start.
 */
export const MachineIdOrigin = Type.Enum(['disk', 'image', 'host', 'memory']);
export type MachineIdOrigin = Type.Static<typeof MachineIdOrigin>;

export interface MachineId {
  readonly value: string;
  readonly origin: MachineIdOrigin;
}

/**
 * The machine-id and where it stands; undefined where there is none. Source: machine-id(5).
 *
 * @param root where the system's files stand
 */
export async function readMachineId(
  root: string,
  { kind }: SystemEnvironment,
): Promise<MachineId | undefined> {
  for (const file of FILES) {
    const value = meaningful(readIfThere(join(root, file)));
    if (value !== undefined && value !== 'uninitialized')
      return { value, origin: originOf(file, root, kind) };
  }
  if (process.platform === 'linux') return undefined;
  const { default: machineId } = await import('node-machine-id');
  const value = meaningful(machineId.machineIdSync(true));
  return value === undefined ? undefined : { value, origin: 'disk' };
}

function originOf(file: string, root: string, kind: SystemEnvironment['kind']): MachineIdOrigin {
  const path = `/${file}`;
  const mount = mountOf(path, root);
  if (kind === 'container' && mount?.mountPoint !== path) return 'image';
  // systemd puts one in memory over an /etc that it cannot write to.
  if (mount !== undefined && isInMemory(mount, root)) return 'memory';
  return kind === 'container' ? 'host' : 'disk';
}
