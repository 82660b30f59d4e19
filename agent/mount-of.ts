import { join } from 'node:path';
import { readIfThere } from './system-files.ts';

/** Where a path's file system comes from. Source: proc(5), /proc/pid/mountinfo. */
export interface Mount {
  readonly mountPoint: string;
  /** `8:1` of its device. */
  readonly device: string;
  /** Such as `ext4`, `tmpfs`, `overlay`. */
  readonly type: string;
  readonly isReadonly: boolean;
  /** Of an overlay: the folder that takes the changes. */
  readonly upper?: string;
}

/** File systems that are gone at the next start. */
const IN_MEMORY = ['tmpfs', 'ramfs', 'rootfs'];

/**
 * The mount that an absolute path lies on; undefined where the kernel does not tell.
 *
 * @param root where the system's files stand
 */
export function mountOf(path: string, root = '/'): Mount | undefined {
  const mounts = (readIfThere(join(root, 'proc/self/mountinfo'), 'latin1') ?? '')
    .split('\n')
    .flatMap((line) => parseMount(line) ?? []);
  const around = mounts.filter(({ mountPoint }) => isWithin(path, mountPoint));
  const longest = Math.max(...around.map(({ mountPoint }) => mountPoint.length));
  // Of several at one place the last lies on top.
  return around.findLast(({ mountPoint }) => mountPoint.length === longest);
}

/** Whether what is written there is gone at the next start; an overlay is as its upper folder. */
export function isInMemory({ type, upper }: Mount, root = '/'): boolean {
  if (upper === undefined) return IN_MEMORY.includes(type);
  const below = mountOf(upper, root);
  return below !== undefined && IN_MEMORY.includes(below.type);
}

function parseMount(line: string): Mount | undefined {
  const [before = '', after = ''] = line.split(' - ', 2);
  const [, , device, , mountPoint, options] = before.split(' ');
  const [type, , superOptions = ''] = after.split(' ');
  if (!device || !mountPoint || !options || !type) return undefined;
  const isReadonly = [options, superOptions].some((list) => list.split(',').includes('ro'));
  const [, upper] = /(?:^|,)upperdir=([^,]+)/.exec(superOptions) ?? [];
  return {
    mountPoint: unescaped(mountPoint),
    device,
    type,
    isReadonly,
    ...(upper !== undefined && { upper: unescaped(upper) }),
  };
}

/** Space, tab, line feed and backslash stand as `\040` and so on; the rest are bytes of UTF-8. */
function unescaped(text: string): string {
  const bytes = text.replace(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function isWithin(path: string, mountPoint: string): boolean {
  return mountPoint === '/' || path === mountPoint || path.startsWith(`${mountPoint}/`);
}
