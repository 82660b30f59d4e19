import { hostname } from 'node:os';
import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { ServerConfig } from './config.ts';
import type { Installation } from './installation.ts';
import { enrolledRoot } from './licensing/enrolled-root.ts';
import type { EnrollmentServer } from './licensing/enrollments.ts';
import type { Schema } from './store/schema.ts';

export interface EnrollmentServerWish {
  readonly appId: string;
  /** Where devices reach this server; as configured, where none is named. */
  readonly serverUrls?: readonly string[] | undefined;
  /** What devices shall trust (PEM); this server's own authority, where nothing is said. */
  readonly caCertificate?: string | undefined;
}

/** What an enrollment file says of this server. */
export async function enrollmentServer(
  db: Kysely<Schema>,
  { serverId, roots, tls }: Pick<Installation, 'serverId' | 'roots' | 'tls'>,
  config: Pick<ServerConfig, 'publicUrls' | 'tls' | 'port'>,
  { appId, serverUrls = [], caCertificate }: EnrollmentServerWish,
  now: EpochSeconds,
): Promise<EnrollmentServer> {
  return {
    serverUrls: serverUrls.length > 0 ? [...serverUrls] : configuredUrls(config),
    // Nothing where a proxy ends TLS, whose certificate is under an authority of the system.
    caCertificate: caCertificate ?? (config.tls ? tls.authority : ''),
    serverId,
    ...(await enrolledRoot(db, appId, roots, now)),
  };
}

/** As configured, else this machine's own name. */
function configuredUrls({
  publicUrls,
  tls,
  port,
}: Pick<ServerConfig, 'publicUrls' | 'tls' | 'port'>): string[] {
  if (publicUrls.length > 0) return publicUrls;
  return [`${tls ? 'https' : 'http'}://${hostname()}:${port}`];
}
