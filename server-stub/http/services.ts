import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/host/log.ts';
import type { ServerConfig } from '../config.ts';
import type { Batch } from '../licensing/batch.ts';
import type { CredentialUse } from '../licensing/credential-use.ts';
import type { Issuer } from '../licensing/issuer.ts';
import type { Uploads } from '../licensing/preauthorization/uploads.ts';
import type { Directory } from '../oidc/directory.ts';
import type { Store } from '../store/database.ts';

/** What the routes stand on; made by the composition root. */
export interface Services {
  readonly store: Store;
  readonly batch: Batch;
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly config: Pick<
    ServerConfig,
    'rateLimitPerSecond' | 'trustedProxies' | 'zone' | 'oidcConsoleUrl' | 'oidcRoles'
  >;
  readonly log: Logger;
  /** Takes a line for each request; none are written without. */
  readonly accessLog?: Logger | undefined;
  readonly credentialUse: CredentialUse;
  readonly uploads: Uploads;
  /** Who people may sign in to the Console through, beside a password. */
  readonly directory: Directory | undefined;
}
