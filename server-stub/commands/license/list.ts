import type { ExitCode } from '#core/error-table.ts';
import { answer, type Terminal, usageError } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { localDay, zonedTime } from '#core/local-time.ts';
import { findLicenses, type LicensesFound } from '../../licensing/find-licenses.ts';
import { licenseCsv } from '../../licensing/license-csv.ts';
import { licenseFacts } from '../../licensing/license-facts.ts';
import { type LicenseFilter, type ListedState, listedState } from '../../licensing/license-filter.ts';
import type { Store } from '../../store/database.ts';
import type { LicenseTable } from '../../store/schema.ts';
import { type CommandContext, now, withStore } from '../context.ts';
import { LICENSE_WORDS } from './words.ts';

export interface ListOptions {
  cid?: string;
  app?: string;
  pid?: string;
  state?: ListedState;
  group?: string;
  key?: string;
  /** Days. */
  endingWithin?: number;
  /** Days. */
  unseen?: number;
  limit?: number;
  after?: string;
  csv?: boolean;
}

const DAY = 86_400;
/** Rows shown where no limit was named; a CSV file has all. */
const SHOWN = 50;

/** `license-server license list`: licenses by what is known of them, as a table, JSON or CSV. */
export async function listLicensesBy(context: CommandContext, options: ListOptions): Promise<ExitCode> {
  const { terminal } = context;
  if (options.csv && terminal.json)
    throw usageError({ en: '--csv and --json exclude each other', zh: '--csv 与 --json 不能同时使用' });
  const at = now();
  const { cid, app: appId, pid, state, group, key, endingWithin, unseen } = options;
  const filter: LicenseFilter = {
    ...{ cid, appId, pid, state, group, key },
    endingBefore: endingWithin && at + endingWithin * DAY,
    unseenSince: unseen && at - unseen * DAY,
  };
  await withStore(context, async (store) => {
    if (options.csv) await writeCsv(terminal, store, filter, options, at);
    else await showPage(context, store, filter, options, at);
  });
  return 0;
}

async function showPage(
  { terminal, config: { zone } }: CommandContext,
  { reader }: Store,
  filter: LicenseFilter,
  { after, limit = SHOWN }: ListOptions,
  at: number,
): Promise<void> {
  const words = LICENSE_WORDS[terminal.language];
  const { licenses: page, next } = await onePage(reader, filter, { after, limit, now: at });
  const rows = page.map((license) => [
    license.license,
    license.license_key,
    words.states[listedState(license, at)],
    localDay(license.expire_time, zone),
    license.last_seen_at === null ? words.never : zonedTime(license.last_seen_at, zone),
    license.group_name,
    license.label,
  ]);
  const list = rows.length === 0 ? words.none : table([words.listHead, ...rows], terminal);
  const text = next === undefined ? list : `${list}${words.more(next)}`;
  answer(terminal, { licenses: page.map((license) => licenseFacts(license, at)), next: next ?? null }, text);
}

/** Goes on until a page is full, whatever lies between. */
async function onePage(
  reader: Store['reader'],
  filter: LicenseFilter,
  { after, limit, now: at }: { after: string | undefined; limit: number; now: number },
): Promise<LicensesFound> {
  const licenses: LicenseTable[] = [];
  let next = after;
  do {
    const found = await findLicenses(reader, filter, {
      after: next,
      limit: limit - licenses.length,
      now: at,
    });
    licenses.push(...found.licenses);
    next = found.next;
  } while (next !== undefined && licenses.length < limit);
  return { licenses, next };
}

async function writeCsv(
  terminal: Terminal,
  { reader }: Store,
  filter: LicenseFilter,
  { after, limit }: ListOptions,
  at: number,
): Promise<void> {
  const from = { ...(after !== undefined && { after }), ...(limit !== undefined && { most: limit }) };
  for await (const piece of licenseCsv(reader, filter, { now: at, ...from })) terminal.out(piece);
}
