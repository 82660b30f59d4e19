import { grantDocument } from '#core/documents/grant.ts';
import type { ExitCode } from '#core/error-table.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import { table } from '#core/host/table.ts';
import { localDay } from '#core/local-time.ts';
import { type Imported, importDocument } from '../licensing/import-document.ts';
import { settleKeys } from '../settle-keys.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

/** `license-server import FILE`: a grant, an issuer certificate or new vendor roots, whichever the file holds. */
export async function importFile(context: CommandContext, file: string): Promise<ExitCode> {
  const text = readTextFile(file, grantDocument.maxBytes + 2).trim();
  const imported = await withStore(context, async (store, { roots: pinned, ...issuer }) => {
    const taken = await store.write(now(), (transaction) =>
      importDocument(transaction, text, { where: file, issuer, pinned }, operator(context)),
    );
    await settleKeys(store, context.config.stateDir, now());
    return taken;
  });
  const { terminal, config } = context;
  answer(terminal, imported, describe(imported, config.zone, terminal));
  return 0;
}

function describe(imported: Imported, zone: string, { language, columns }: Terminal): string {
  const words = WORDS[language];
  const again = imported.changed ? '' : `\n${words.again}`;
  if (imported.kind === 'roots') {
    const { version, root, waiting } = imported;
    const facts = table([
      [words.root, root],
      [words.version, String(version)],
    ]);
    return `${facts}${again}${waiting.length === 0 ? '' : `\n${words.waiting(waiting.join(', '))}`}`;
  }
  if (imported.kind === 'certificate') {
    const { serial, cid, exp } = imported;
    const facts = [
      [words.certificate, String(serial)],
      [words.company, cid],
      [words.until, localDay(exp, zone)],
    ];
    return `${table(facts)}${again}`;
  }
  const { grantId, cid, lines } = imported;
  const facts = [
    [words.grant, grantId],
    [words.company, cid],
  ];
  const rows = lines.map(({ kind, pid, count, appId }) => [words[kind], pid, count, appId ?? words.shared]);
  const list = rows.length === 0 ? '' : `\n${table([words.head, ...rows], { columns })}`;
  return `${table(facts)}${list}${again}`;
}

const WORDS = {
  en: {
    root: 'Vendor root',
    version: 'Version',
    waiting: (companies: string) =>
      `Their certificate is under the root before it still: ${companies}. Import the new ones that the vendor made with license-vendor recertify.`,
    certificate: 'Certificate',
    grant: 'Grant',
    company: 'Company',
    until: 'Valid until',
    head: ['Line', 'PID', 'Count', 'App'],
    purchase: 'purchase',
    renewal: 'renewal',
    shared: 'shared',
    again: 'It was imported before; nothing changed.',
  },
  zh: {
    root: '厂商根密钥',
    version: '版本',
    waiting: (companies: string) =>
      `以下企业的签发证书仍由旧根密钥签署：${companies}。请导入厂商以 license-vendor recertify 签署的新证书。`,
    certificate: '签发证书',
    grant: '授权',
    company: '企业',
    until: '有效期至',
    head: ['类型', 'PID', '数量', 'App'],
    purchase: '购买',
    renewal: '续期',
    shared: '共享',
    again: '此前已导入过，未做更改。',
  },
};
