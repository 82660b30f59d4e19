import type { Transaction } from '../../store/database.ts';
import type { Outcome, Requester } from '../outcome.ts';
import { currentList } from './lists.ts';
import { ownApps, unknownApp } from './own-apps.ts';

export interface PreauthorizationSwitch extends Requester {
  readonly cid: string;
  readonly appId: string;
  /** What it shall be; left out, it is turned to the other side. */
  readonly enabled?: boolean | undefined;
}

export type SwitchOutcome = Outcome<{ readonly enabled: boolean }>;

/**
 * Turns preauthorization of an App on or off: on, only LicenseKeys of its list may activate. Refused: `unknown_app`.
 * Source: contract, call 6 and Rules "Whitelist on".
 */
export async function switchPreauthorization(
  { db, audit }: Transaction,
  requests: readonly PreauthorizationSwitch[],
): Promise<readonly SwitchOutcome[]> {
  const apps = await ownApps(db, requests);
  const lists = new Map<string, { list: number; enabled: boolean }>();
  const outcomes: SwitchOutcome[] = [];
  for (const request of requests) {
    const { cid, appId, actor, from } = request;
    const app = apps.of(request);
    if (app === undefined) {
      outcomes.push(unknownApp(request));
      continue;
    }
    let current = lists.get(appId);
    if (current === undefined) {
      const { list, enabled } = await currentList(db, appId, app);
      current = { list, enabled: enabled === 1 };
      lists.set(appId, current);
    }
    const enabled = request.enabled ?? !current.enabled;
    outcomes.push({ ok: true, enabled });
    if (enabled === current.enabled) continue;
    current.enabled = enabled;
    const detail = { appId, enabled };
    await audit.append(cid, { actor, from, action: 'preauthorization.switch', subject: appId, detail });
  }
  for (const { list, enabled } of lists.values()) {
    await db
      .updateTable('preauthorization_list')
      .set({ enabled: enabled ? 1 : 0 })
      .where('list', '=', list)
      .execute();
  }
  return outcomes;
}
