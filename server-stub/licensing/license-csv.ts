import type { Kysely } from 'kysely';
import { type EpochSeconds, isoTime } from '#core/clock.ts';
import { printable } from '#core/host/printable.ts';
import { BYTE_ORDER_MARK, csvRow } from '../csv.ts';
import type { Schema } from '../store/schema.ts';
import { findLicenses } from './find-licenses.ts';
import { type LicenseFacts, licenseFacts } from './license-facts.ts';
import type { LicenseFilter } from './license-filter.ts';

const COLUMNS = [
  'license',
  'licenseKey',
  'cid',
  'appId',
  'pid',
  'category',
  'state',
  'activationTime',
  'expireTime',
  'renewals',
  'device',
  'lastSeenAt',
  'agentVersion',
  'label',
  'group',
] as const satisfies readonly (keyof LicenseFacts)[];

/** Rows read at once. */
const PIECE = 1000;

/**
 * Licenses as CSV (RFC 4180) that a spreadsheet opens as it is, piece by piece; between two pieces others have their
 * turn.
 */
export async function* licenseCsv(
  db: Kysely<Schema>,
  filter: LicenseFilter,
  { now, after, most = Number.POSITIVE_INFINITY }: { now: EpochSeconds; after?: string; most?: number },
): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvRow(COLUMNS);
  for (let [next, left] = [after, most]; ; ) {
    const found = await findLicenses(db, filter, { after: next, limit: Math.min(PIECE, left), now });
    if (found.licenses.length > 0)
      yield found.licenses.map((license) => csvRow(cells(licenseFacts(license, now)))).join('');
    next = found.next;
    left -= found.licenses.length;
    if (next === undefined || left <= 0) return;
    await new Promise((turn) => setImmediate(turn));
  }
}

function cells(facts: LicenseFacts): (string | number)[] {
  const readable = {
    ...facts,
    activationTime: isoTime(facts.activationTime),
    expireTime: isoTime(facts.expireTime),
    lastSeenAt: facts.lastSeenAt === null ? '' : isoTime(facts.lastSeenAt),
    // A device's own word.
    agentVersion: printable(facts.agentVersion ?? ''),
  };
  return COLUMNS.map((column) => readable[column] ?? '');
}
