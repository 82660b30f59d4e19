import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/host/log.ts';
import type { ServerConfig } from '../config.ts';
import type { Installation } from '../installation.ts';
import type { Batch } from '../licensing/batch.ts';
import type { BulkWork } from '../licensing/bulk/bulk-work.ts';
import type { CredentialUse } from '../licensing/credential-use.ts';
import type { Issuer } from '../licensing/issuer.ts';
import type { Uploads } from '../licensing/preauthorization/uploads.ts';
import type { SilentDevices } from '../licensing/silent-devices.ts';
import type { TrailChecks } from '../licensing/trail-checks.ts';
import type { Store } from '../store/database.ts';

/** What the routes stand on; made by the composition root. */
export interface Services {
  readonly store: Store;
  readonly batch: Batch;
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly config: ServerConfig;
  /** Whom this server trusts, and by what others trust it. */
  readonly installation: Pick<Installation, 'roots' | 'tls'>;
  readonly log: Logger;
  /** Where the proxies to the receivers of alerts are named. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes a line for each request; none are written without. */
  readonly accessLog?: Logger | undefined;
  readonly credentialUse: CredentialUse;
  readonly uploads: Uploads;
  readonly bulkWork: BulkWork;
  readonly silentDevices: SilentDevices;
  readonly trailChecks: TrailChecks;
}
