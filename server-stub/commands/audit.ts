import { answer } from '#core/host/cli.ts';
import { verifyTrail } from '../store/audit.ts';
import { type CommandContext, withStore } from './context.ts';

export interface AuditOptions {
  cid?: string;
  limit: number;
}

/** `license-server audit`: the newest rows of the trail. */
export async function audit(context: CommandContext, { cid, limit }: AuditOptions): Promise<void> {
  const rows = await withStore(context, ({ reader }) => {
    const query = reader
      .selectFrom('audit')
      .selectAll()
      .orderBy('at', 'desc')
      .orderBy('seq', 'desc')
      .limit(limit);
    return (cid === undefined ? query : query.where('cid', '=', cid)).execute();
  });
  const entries = rows.map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) }));
  const text = entries.map(
    ({ at, cid: company, seq, actor, action, subject }) =>
      `${new Date(at * 1000).toISOString()}  ${company}#${seq}  ${action}  ${subject}  ${actor}`,
  );
  answer(context.terminal, { entries }, text.join('\n'));
}

/** `license-server audit verify`: recomputes every hash of every company's trail. */
export async function verify(context: CommandContext): Promise<boolean> {
  const trails = await withStore(context, async ({ reader }) => {
    const companies = await reader.selectFrom('company').select('cid').orderBy('cid').execute();
    return Promise.all(companies.map(async ({ cid }) => ({ cid, ...(await verifyTrail(reader, cid)) })));
  });
  const intact = trails.every(({ brokenAt }) => brokenAt === undefined);
  const text = trails.map(
    ({ cid, rows, brokenAt }) =>
      `CID ${cid}  ${rows}  ${brokenAt === undefined ? 'intact' : `broken at row ${brokenAt}`}`,
  );
  answer(context.terminal, { intact, trails }, text.join('\n'));
  return intact;
}
