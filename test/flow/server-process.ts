import { OpenApiClient } from '../support/openapi-client.ts';
import { type ServerFolder, serveEnvironment } from '../support/prepare-server.ts';
import { Running } from './program.ts';

export interface ServeOptions {
  /** A command to run the server under. */
  under?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** `license-server serve` on a free port, plain HTTP, no rate limit. */
export function serve(folder: ServerFolder, { under = [], env = {} }: ServeOptions = {}): Promise<Running> {
  return Running.start('server', {
    args: ['serve', '--json'],
    under,
    env: { ...serveEnvironment(folder), ...env },
  });
}

/** A program with credentials for a running server. */
export function clientOf({ ready }: Running, { credential, world }: ServerFolder): OpenApiClient {
  return new OpenApiClient(String(ready['url']), credential, world.appId, world.purchase.pid);
}
