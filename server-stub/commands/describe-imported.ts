import type { Language } from '#core/errors.ts';
import type { Terminal } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { localDay } from '#core/local-time.ts';
import type { Imported } from '../licensing/import-document.ts';

/** What was imported, in full. */
export function describeImported(
  imported: Imported,
  zone: string,
  { language, columns }: Pick<Terminal, 'language' | 'columns'>,
): string {
  const words = WORDS[language];
  const again = imported.changed ? '' : `\n${words.again}`;
  if (imported.kind === 'roots') {
    const { version, root, waiting } = imported;
    const facts = table([
      [words.root, root],
      [words.version, String(version)],
    ]);
    return [`${facts}${again}`, ...describeWaiting(waiting, language)].join('\n');
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

/** What was imported, in some words beside others. */
export function nameImported(imported: Imported, language: Language): string {
  const words = WORDS[language];
  const again = imported.changed ? '' : words.before;
  switch (imported.kind) {
    case 'roots':
      return `${words.root}: ${words.version} ${imported.version}${again}`;
    case 'certificate':
      return `${words.certificate} ${imported.serial}, ${words.company} ${imported.cid}${again}`;
    case 'grant':
      return `${words.grant} ${imported.grantId}, ${words.company} ${imported.cid}${again}`;
  }
}

/** That companies wait for a certificate under a new root, where some do. */
export function describeWaiting(companies: readonly string[], language: Language): string[] {
  return companies.length === 0 ? [] : [WORDS[language].waiting(companies.join(', '))];
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
    before: '; imported before',
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
    before: '；此前已导入',
    again: '此前已导入过，未做更改。',
  },
};
