import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { LicenseError } from '#core/errors.ts';
import { codeOf } from '#core/host/reason.ts';

/**
 * Removes the socket file that a killed daemon left behind.
 *
 * @throws `daemon_running` where a daemon answers at it
 */
export async function removeStaleSocket(socket: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = connect(socket, () => resolve(true));
  // One that is busy, or another user's, is alive all the same.
  probe.on('error', (cause) => resolve(['EAGAIN', 'EACCES', 'EPERM'].includes(codeOf(cause) ?? '')));
  const isAlive = await promise;
  probe.destroy();
  if (isAlive) throw new LicenseError('daemon_running', { socket });
  rmSync(socket, { force: true });
}
