import type { Transaction } from '../../store/database.ts';
import type { Outcome, Requester } from '../outcome.ts';
import { enterLicenseKeys } from './enter-license-keys.ts';
import { currentList } from './lists.ts';
import { ownApps, unknownApp } from './own-apps.ts';

export interface Preauthorization extends Requester {
  readonly cid: string;
  readonly appId: string;
  readonly licenseKey: string;
}

/** `added`: false where the LicenseKey was preauthorized before. */
export type PreauthorizeOutcome = Outcome<{ readonly added: boolean }>;

/** Preauthorizes single LicenseKeys; one that is in the list already stays. Refused: `unknown_app`. */
export async function preauthorize(
  { db, audit }: Transaction,
  requests: readonly Preauthorization[],
): Promise<readonly PreauthorizeOutcome[]> {
  const apps = await ownApps(db, requests);
  const outcomes = new Map<Preauthorization, PreauthorizeOutcome>();
  for (const [appId, group] of Map.groupBy(requests, ({ appId }) => appId)) {
    const own = group.filter((request) => apps.of(request) !== undefined);
    const app = own[0] && apps.of(own[0]);
    if (app === undefined) continue;
    const { list } = await currentList(db, appId, app);
    const keys = own.map(({ licenseKey }) => licenseKey);
    const fresh = new Set(await enterLicenseKeys(db, list, keys, await audit.timeOf(app.cid)));
    for (const request of own) {
      const { cid, licenseKey, actor, from } = request;
      // Of several requests for one LicenseKey the first adds it.
      const added = fresh.delete(licenseKey);
      outcomes.set(request, { ok: true, added });
      if (!added) continue;
      const detail = { appId, licenseKey };
      await audit.append(cid, { actor, from, action: 'preauthorization.add', subject: appId, detail });
    }
  }
  return requests.map((request) => outcomes.get(request) ?? unknownApp(request));
}
