import { derivePid, deriveRenewId } from '#core/catalog.ts';
import type { EpochSeconds } from '#core/clock.ts';
import type { Grant } from '#core/documents/grant.ts';
import type { Terms } from '#core/documents/terms.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { assignVids } from './assign-vids.ts';
import type { GrantOrder, OrderedLine } from './grant-order.ts';
import type { LedgerEntry } from './ledger-entry.ts';

/** All that will be signed, before anyone signed it. */
export interface GrantDraft {
  readonly grant: Omit<Grant, 'terms'>;
  readonly terms: readonly Terms[];
  /** The application it comes from, for the ledger. */
  readonly applicationId?: string;
}

export interface GrantNumbers {
  readonly grantId: string;
  /** One for each line. */
  readonly termsIds: readonly string[];
  readonly iat: EpochSeconds;
}

/**
 * Turns an order into what will be signed: PIDs and renewIds derived, Apps numbered, the order held against
 * what was signed before.
 *
 * @throws `parameter_invalid` for a line of an App that is not enabled, a renewal of a PID that the company never
 * bought, an App of another company, a grant that cannot be replaced; `application_granted`
 */
export function draftGrant(
  order: GrantOrder,
  { grantId, termsIds, iat }: GrantNumbers,
  entries: readonly LedgerEntry[],
): GrantDraft {
  const { serverId, cid, name, apps, lines, replaces, applicationId } = order;
  if (replaces !== undefined) requireReplaceable(replaces, order, entries);
  if (applicationId !== undefined && !order.again) requireNotGranted(applicationId, order, entries);
  const vids = assignVids(
    apps.map(({ appId }) => appId),
    cid,
    entries,
  );
  const terms = lines.map((line, index) => termsOf(line, { termsId: termsIds[index] ?? '', cid, iat }));
  requireEnabledApps(terms, vids);
  requireBoughtPids(terms, cid, entries);
  return {
    grant: {
      grantId,
      aud: serverId,
      cid,
      name,
      apps: apps.map(({ appId, ...rest }) => ({ appId, vid: vids.get(appId) ?? '', ...rest })),
      ...(replaces !== undefined && { replaces }),
      iat,
    },
    terms,
    ...(applicationId !== undefined && { applicationId }),
  };
}

function termsOf(line: OrderedLine, numbers: Pick<Terms, 'termsId' | 'cid' | 'iat'>): Terms {
  return line.kind === 'purchase'
    ? { ...numbers, ...line, pid: derivePid(line.sku, line.validity, line.category) }
    : { ...numbers, ...line, renewId: deriveRenewId(line.pid, line.validity) };
}

function requireEnabledApps(terms: readonly Terms[], enabled: ReadonlyMap<string, string>): void {
  for (const { kind, appId } of terms) {
    if (appId !== undefined && !enabled.has(appId)) {
      invalid(`--${kind} app`, {
        en: `App ${appId} is not among the Apps of this grant`,
        zh: `App ${appId} 不在本授权的 App 之列`,
      });
    }
  }
}

/** A renewal inherits everything of its PID, so the PID must be one the company has. Source: contract, "Renewal". */
function requireBoughtPids(terms: readonly Terms[], cid: string, entries: readonly LedgerEntry[]): void {
  const earlier = entries.flatMap((entry) =>
    entry.kind === 'grant' && entry.cid === cid ? entry.terms : [],
  );
  const bought = new Set(
    [...earlier, ...terms].filter(({ kind }) => kind === 'purchase').map(({ pid }) => pid),
  );
  for (const { kind, pid } of terms) {
    if (kind === 'renewal' && !bought.has(pid)) {
      invalid('--renewal pid', {
        en: `company ${cid} never bought PID ${pid}`,
        zh: `企业 ${cid} 从未购买 PID ${pid}`,
      });
    }
  }
}

/** A server imports a grant that replaces another only once, and only where it has that other. */
function requireReplaceable(
  replaces: string,
  { serverId, cid }: GrantOrder,
  entries: readonly LedgerEntry[],
): void {
  const grants = entries.filter((entry) => entry.kind === 'grant');
  const replaced = grants.find(({ grantId }) => grantId === replaces);
  if (replaced === undefined) {
    invalid('--replaces', {
      en: `there is no grant ${replaces} in the ledger`,
      zh: `签发账本中没有授权 ${replaces}`,
    });
  }
  if (replaced.serverId !== serverId || replaced.cid !== cid) {
    invalid('--replaces', {
      en: `grant ${replaces} is for company ${replaced.cid} on server ${replaced.serverId}`,
      zh: `授权 ${replaces} 属于服务器 ${replaced.serverId} 上的企业 ${replaced.cid}`,
    });
  }
  const successor = grants.find((grant) => grant.replaces === replaces);
  if (successor !== undefined) {
    invalid('--replaces', {
      en: `grant ${replaces} was replaced by ${successor.grantId}; replace that one`,
      zh: `授权 ${replaces} 已被 ${successor.grantId} 替换；请替换后者`,
    });
  }
}

/**
 * An application is granted once: a second grant would add the same seats again. A grant in the place of the first,
 * or of what took its place since, adds none.
 */
function requireNotGranted(
  applicationId: string,
  { serverId, replaces }: GrantOrder,
  entries: readonly LedgerEntry[],
): void {
  const inForce = new Set<string>();
  for (const entry of entries) {
    if (entry.kind !== 'grant') continue;
    const tookPlace = entry.replaces !== undefined && inForce.delete(entry.replaces);
    const ofApplication = entry.applicationId === applicationId && entry.serverId === serverId;
    if (tookPlace || ofApplication) inForce.add(entry.grantId);
  }
  const [grantId] = inForce;
  if (grantId === undefined || (replaces !== undefined && inForce.has(replaces))) return;
  throw new LicenseError('application_granted', { applicationId, grantId });
}

function invalid(name: string, problem: Bilingual): never {
  throw new LicenseError('parameter_invalid', { name, problem });
}
