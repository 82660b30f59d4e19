import { type Bilingual, LicenseError } from '#core/errors.ts';
import { SHARED } from '../quota.ts';
import type { Owner } from './figures.ts';

/**
 * Refuses a report whose figures disagree, naming whose they are and both.
 *
 * @param trail as the audit trail, or the vendor's signature, says
 * @param tables as the tables say
 * @throws `report_inconsistent`
 */
export function inconsistent(
  cid: string,
  { pid, appId, renewId }: Owner,
  what: Bilingual,
  trail: string | number | null,
  tables: string | number | null,
): never {
  throw new LicenseError('report_inconsistent', {
    cid,
    pid,
    appId,
    ...(renewId !== undefined && { renewId }),
    owner: ownerOf(appId, renewId),
    what,
    trail: trail ?? '-',
    tables: tables ?? '-',
  });
}

function ownerOf(appId: string, renewId: string | undefined): Bilingual {
  if (renewId !== undefined) return { en: `renewals ${renewId}`, zh: `续期 ${renewId}` };
  return appId === SHARED
    ? { en: 'shared pool', zh: '共享额度' }
    : { en: `App ${appId}`, zh: `App ${appId}` };
}
