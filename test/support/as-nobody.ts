import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireDebianProgram } from './debian.ts';

const CHECKOUT = join(import.meta.dirname, '../..');

/** Within a mount namespace of its own: the folder that hides the checkout is covered by one that shows it alone. */
const UNCOVER = `set -e
mount --bind "$1" /mnt
mount -t tmpfs -o mode=755 tmpfs "$0"
mkdir -p "$1"
mount --move /mnt "$1"
cd "$PWD"
shift
exec "$@"`;

/**
 * A command as `nobody` runs it, a user who may do little; root may read everything. That user sees the programs of the
 * checkout also where it lies in somebody's private folder.
 *
 * @returns program and arguments
 */
export function asNobody(command: readonly string[]): [program: string, args: string[]] {
  if (process.getuid?.() !== 0) return ['unshare', ['-U', ...command]];
  requireDebianProgram('runuser', 'util-linux');
  const other = ['runuser', '-u', 'nobody', '--', ...command];
  const hidden = hiddenBy(CHECKOUT);
  if (hidden === undefined) return ['runuser', other.slice(1)];
  return [
    'unshare',
    ['--mount', '--propagation', 'private', 'sh', '-c', UNCOVER, hidden, CHECKOUT, ...other],
  ];
}

/** The highest folder above a place that others may not go through. */
function hiddenBy(place: string): string | undefined {
  const above = dirname(place);
  if (above === place) return undefined;
  return hiddenBy(above) ?? ((statSync(above).mode & 0o001) === 0 ? above : undefined);
}
