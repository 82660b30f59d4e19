import type { Kysely } from 'kysely';
import { LicenseError } from '#core/errors.ts';
import type { Schema } from '../../store/schema.ts';
import { type PreauthorizedApp, preauthorizedApps } from './lists.ts';

interface AppRequest {
  readonly cid: string;
  readonly appId: string;
}

/** The Apps that requests name, each only for its own company. */
export async function ownApps(db: Kysely<Schema>, requests: readonly AppRequest[]) {
  const apps = await preauthorizedApps(
    db,
    requests.map(({ appId }) => appId),
  );
  return {
    of({ cid, appId }: AppRequest): PreauthorizedApp | undefined {
      const app = apps.get(appId);
      return app?.cid === cid ? app : undefined;
    },
  };
}

/** An App of another company is refused like one that does not exist. Source: contract, Common "Parameters". */
export function unknownApp({ appId }: AppRequest) {
  return { ok: false, error: new LicenseError('unknown_app', { appId }) } as const;
}
