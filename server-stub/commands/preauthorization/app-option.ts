import { LicenseError } from '#core/errors.ts';
import { type PreauthorizedApp, preauthorizedApps } from '../../licensing/preauthorization/lists.ts';
import type { Store } from '../../store/database.ts';

export interface AppOption {
  app: string;
}

/**
 * The App that a command names.
 *
 * @throws `unknown_app`
 */
export async function appNamed(
  { reader }: Pick<Store, 'reader'>,
  { app: appId }: AppOption,
): Promise<PreauthorizedApp> {
  const app = (await preauthorizedApps(reader, [appId])).get(appId);
  if (app === undefined) throw new LicenseError('unknown_app', { appId });
  return app;
}
