import { isoTime } from '#core/clock.ts';
import type { PurchaseTerms, Terms } from '#core/documents/terms.ts';
import type { Language } from '#core/errors.ts';
import { type Cell, table } from '#core/host/table.ts';
import { describeCategory, describeSku, describeValidity } from '#core/notation/describe-license.ts';
import type { GrantDraft } from './draft-grant.ts';
import { formatDuration } from './duration.ts';

const texts = {
  en: {
    company: 'Company',
    server: 'Server',
    replaces: 'Replaces',
    grant: 'Grant',
    date: 'Date',
    app: 'App',
    preallocation: 'preallocation',
    head: ['Line', 'PID / renewId', 'Count', 'Validity', 'For'],
    noLines: 'No lines: this grant only enables Apps.',
    purchase: 'purchase',
    renewal: 'renewal',
    onlyApp: (appId: string) => `for App ${appId} alone`,
    anyApp: 'for any App',
    ofPid: (pid: string) => `of PID ${pid}`,
    pcu: (count: number) => `PCU ${count}`,
    token: (life: string, grace: string) => `tokens for ${life} + grace ${grace}`,
    expiryGrace: (grace: string) => `grace at the end ${grace}`,
    transfers: (count: number) => `transfers a year ${count}`,
  },
  zh: {
    company: '企业',
    server: '服务器',
    replaces: '替换授权',
    grant: '授权',
    date: '日期',
    app: 'App',
    preallocation: '预分配',
    head: ['类型', 'PID / renewId', '数量', '有效期', '品类'],
    noLines: '无购买项：本授权仅启用 App。',
    purchase: '购买',
    renewal: '续期',
    onlyApp: (appId: string) => `仅限 App ${appId}`,
    anyApp: '全部 App 共享',
    ofPid: (pid: string) => `PID ${pid}`,
    pcu: (count: number) => `PCU ${count}`,
    token: (life: string, grace: string) => `令牌 ${life} + 宽限 ${grace}`,
    expiryGrace: (grace: string) => `到期宽限 ${grace}`,
    transfers: (count: number) => `每年转移 ${count} 次`,
  },
} satisfies Record<Language, object>;

type Texts = (typeof texts)[Language];

/** What a person reads before the vendor signs: company, server, Apps, and each line. */
export function describeGrant({ grant, terms }: GrantDraft, language: Language): string {
  const text = texts[language];
  const facts = [
    [text.company, `${grant.name} (CID ${grant.cid})`],
    [text.server, grant.aud],
    [text.grant, grant.grantId],
    ...(grant.replaces === undefined ? [] : [[text.replaces, grant.replaces]]),
    [text.date, isoTime(grant.iat)],
    ...grant.apps.map(({ appId, vid, name, preallocation }) => [
      text.app,
      [appId, `vid ${vid}`, name, ...(preallocation ? [text.preallocation] : [])].join(', '),
    ]),
  ];
  if (terms.length === 0) return `${table(facts)}\n${text.noLines}\n`;

  const [head = '', ...rows] = table([
    text.head,
    ...terms.map((line) => summaryOf(line, text, language)),
  ]).split(/^/m);
  const lines = terms.map(
    (line, index) => `${rows[index]}${table(detailOf(line, text, language).map(indented))}`,
  );
  return `${table(facts)}\n${head}${lines.join('')}`;
}

function indented(cell: string): string[] {
  return ['', cell];
}

function summaryOf(line: Terms, text: Texts, language: Language): Cell[] {
  const { kind, count, validity } = line;
  const id = line.kind === 'purchase' ? line.pid : line.renewId;
  const category = line.kind === 'purchase' ? describeCategory(line.category, language) : '';
  return [text[kind], id, count, describeValidity(validity, language), category];
}

/** What does not fit a row of 80 columns: one line each for capability, limits and App. */
function detailOf(line: Terms, text: Texts, language: Language): string[] {
  const scope = line.appId === undefined ? text.anyApp : text.onlyApp(line.appId);
  if (line.kind === 'renewal') return [`${text.ofPid(line.pid)}, ${scope}`];
  return [capabilityOf(line, text, language), limitsOf(line, text), scope];
}

function capabilityOf({ sku, label, pcu }: PurchaseTerms, text: Texts, language: Language): string {
  return [
    describeSku(sku, language),
    ...(pcu === undefined ? [] : [text.pcu(pcu)]),
    ...(label === undefined ? [] : [`"${label}"`]),
  ].join(', ');
}

function limitsOf(line: PurchaseTerms, text: Texts): string {
  const { tokenLifeSeconds, graceSeconds, expiryGraceSeconds, transfersPerYear } = line;
  return [
    text.token(formatDuration(tokenLifeSeconds), formatDuration(graceSeconds)),
    text.expiryGrace(formatDuration(expiryGraceSeconds)),
    text.transfers(transfersPerYear),
  ].join(', ');
}
