import type { Kysely } from 'kysely';
import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { zonedTime } from '#core/local-time.ts';
import { verifyTrail } from '../store/audit.ts';
import type { Schema } from '../store/schema.ts';
import { type CommandContext, withStore } from './context.ts';

export interface VerifyOptions {
  cid?: string;
}

export interface AuditOptions extends VerifyOptions {
  limit: number;
}

/** `license-server audit list`: the newest rows of the trail. */
export async function listAudit(context: CommandContext, { cid, limit }: AuditOptions): Promise<ExitCode> {
  const { terminal, config } = context;
  const rows = await withStore(context, async ({ reader }) =>
    reader
      .selectFrom('audit')
      .selectAll()
      .where('cid', 'in', await companies(reader, cid))
      .orderBy('at', 'desc')
      .orderBy('seq', 'desc')
      .limit(limit)
      .execute(),
  );
  const entries = rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) }));
  const words = WORDS[terminal.language];
  // Of the detail people look for the LicenseKey; all of it is in the JSON.
  const lines = entries.map(({ at, cid: company, seq, actor, action, subject, detail }) => [
    zonedTime(at, config.zone),
    `${company}#${seq}`,
    action,
    subject,
    String(detail.licenseKey ?? ''),
    actor,
  ]);
  const text = lines.length === 0 ? words.none : table([words.head, ...lines], terminal);
  answer(terminal, { entries }, text);
  return 0;
}

/** `license-server audit verify`: recomputes every hash of the companies' trails; exit 1 where one is broken. */
export async function verifyAudit(context: CommandContext, { cid }: VerifyOptions): Promise<ExitCode> {
  const { terminal } = context;
  const trails = await withStore(context, async ({ reader }) => {
    const found = [];
    for (const company of await companies(reader, cid))
      found.push({ cid: company, ...(await verifyTrail(reader, company)) });
    return found;
  });
  const intact = trails.every(({ brokenAt }) => brokenAt === undefined);
  const words = WORDS[terminal.language];
  const rows = trails.map(({ cid: company, rows: count, brokenAt }) => [
    company,
    count,
    brokenAt === undefined ? words.intact : words.broken(`${company}#${brokenAt}`),
  ]);
  const text = rows.length === 0 ? words.none : table([words.trailHead, ...rows], terminal);
  answer(terminal, { intact, trails }, text);
  return intact ? 0 : 1;
}

/**
 * All companies, or the one that was asked for.
 *
 * @throws `unknown_company`
 */
async function companies(reader: Kysely<Schema>, wanted: string | undefined): Promise<string[]> {
  const rows = await reader.selectFrom('company').select('cid').orderBy('cid').execute();
  const cids = rows.map(({ cid }) => cid);
  if (wanted === undefined) return cids;
  if (!cids.includes(wanted)) throw new LicenseError('unknown_company', { cid: wanted });
  return [wanted];
}

const WORDS = {
  en: {
    head: ['Time', 'Row', 'Action', 'Subject', 'LicenseKey', 'By'],
    trailHead: ['CID', 'Rows', 'Trail'],
    intact: 'intact',
    broken: (row: string) => `broken: row ${row} does not follow from the one before it`,
    none: 'The trail is empty.',
  },
  zh: {
    head: ['时间', '记录', '操作', '对象', 'LicenseKey', '操作者'],
    trailHead: ['CID', '记录数', '审计链'],
    intact: '完整',
    broken: (row: string) => `断开：记录 ${row} 与前一条不相连`,
    none: '没有审计记录。',
  },
};
