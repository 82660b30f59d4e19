import { OpenApiClient } from '../support/openapi-client.ts';
import type { ServerFolder } from '../support/server-folder.ts';
import { Running } from './program.ts';

export interface ServeOptions {
  /** A command to run the server under. */
  under?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** `license-server serve` on a free port, plain HTTP, no rate limit. */
export function serve(
  { stateDir }: ServerFolder,
  { under = [], env = {} }: ServeOptions = {},
): Promise<Running> {
  return Running.start('server', {
    args: ['serve', '--json'],
    under,
    env: {
      LICENSE_SERVER_STATE_DIR: stateDir,
      LICENSE_SERVER_HOST: '127.0.0.1',
      LICENSE_SERVER_PORT: '0',
      LICENSE_SERVER_TLS: 'false',
      LICENSE_SERVER_RATE_LIMIT_PER_SECOND: '0',
      LICENSE_SERVER_LOG_LEVEL: 'error',
      ...env,
    },
  });
}

/** A program with credentials for a running server. */
export function clientOf({ ready }: Running, { credential, world }: ServerFolder): OpenApiClient {
  return new OpenApiClient(String(ready['url']), credential, world.appId, world.purchase.pid);
}
