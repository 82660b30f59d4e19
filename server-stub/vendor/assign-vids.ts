import { LicenseError } from '#core/errors.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** Numbers of Apps start here, so that all have six digits or more. */
const FIRST_VID = 100_001;

/**
 * The number of each App: the one it had before, else the next free one. An App is of one company for good.
 *
 * @throws `parameter_invalid` where an App was granted to another company
 */
export function assignVids(
  appIds: readonly string[],
  cid: string,
  entries: readonly LedgerEntry[],
): Map<string, string> {
  const owners = new Map<string, string>();
  const vids = new Map<string, string>();
  const taken = new Set<string>();
  for (const entry of entries) {
    if (entry.kind !== 'grant') continue;
    for (const { appId, vid } of entry.apps) {
      // Two runs at once may have recorded one number twice; only the first of them handed its grant out.
      if (vids.has(appId) || taken.has(vid)) continue;
      owners.set(appId, entry.cid);
      vids.set(appId, vid);
      taken.add(vid);
    }
  }

  let next = Math.max(FIRST_VID - 1, ...[...taken].map(Number));
  return new Map(
    appIds.map((appId) => {
      const owner = owners.get(appId) ?? cid;
      if (owner !== cid) {
        const problem = { en: `App ${appId} is of company ${owner}`, zh: `App ${appId} 属于企业 ${owner}` };
        throw new LicenseError('parameter_invalid', { name: '--app', problem });
      }
      const known = vids.get(appId);
      if (known !== undefined) return [appId, known];
      next += 1;
      return [appId, String(next)];
    }),
  );
}
