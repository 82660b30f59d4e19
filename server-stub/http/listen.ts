import { type AddressInfo, isIP } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { LicenseError } from '#core/errors.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';

/**
 * Opens a port for an app; gives the URL by which this host reaches it.
 *
 * @param port 0 takes a free one
 * @throws `port_in_use`, `listen_failed`
 */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    if (codeOf(cause) === 'EADDRINUSE') throw new LicenseError('port_in_use', { host, port }, { cause });
    if (!(cause instanceof Error) || codeOf(cause) === undefined) throw cause;
    throw new LicenseError(
      'listen_failed',
      { where: `${host}:${port}`, problem: reasonOf(cause) },
      { cause },
    );
  }
  const bound = app.server.address() as AddressInfo;
  const address = bound.address === '0.0.0.0' || bound.address === '::' ? '127.0.0.1' : bound.address;
  return `${app.server instanceof TlsServer ? 'https' : 'http'}://${isIP(address) === 6 ? `[${address}]` : address}:${bound.port}`;
}
