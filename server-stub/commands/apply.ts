import { derivePid } from '#core/catalog.ts';
import type { Application, ApplicationItem } from '#core/documents/application.ts';
import type { ExitCode } from '#core/error-table.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { writeNewFile } from '#core/host/write-new-file.ts';
import { newAppId } from '#core/ids.ts';
import { APP_ID, CID, NAME } from '#core/notation/common-fields.ts';
import { describeLicense, describeValidity } from '#core/notation/describe-license.ts';
import { parseOption } from '#core/notation/fields.ts';
import { parsePurchase } from '#core/notation/purchase.ts';
import { parseRenewal } from '#core/notation/renewal.ts';
import { applicationKey } from '../application-key.ts';
import { loadInstallation } from '../installation.ts';
import { apply } from '../licensing/apply.ts';
import { pendingServerKey } from '../server-keys.ts';
import { type CommandContext, now, withStore } from './context.ts';

export interface ApplyOptions {
  cid: string;
  name: string;
  /** `NAME`, or `NAME=APPID` for an App that has its id already. */
  app: string[];
  purchase: string[];
  renewal: string[];
  preallocation: boolean;
  out: string;
}

/** `license-server apply`: the file to send to the vendor. */
export async function applyForLicenses(context: CommandContext, options: ApplyOptions): Promise<ExitCode> {
  const { terminal, config } = context;
  const { serverId, key: own } = loadInstallation(config);
  const cid = parseOption(options.cid, '--cid', CID);
  // Only while the key is being changed is there a choice, for which the store is asked.
  const key =
    pendingServerKey(config.stateDir) === undefined
      ? own
      : await withStore(context, (store, installation) => applicationKey(store, installation, cid, now()));
  const { application, document } = await apply(
    { serverId, key },
    {
      cid,
      name: parseOption(options.name, '--name', NAME),
      apps: options.app.map(parseApp),
      items: [
        ...options.purchase.map((text) => parsePurchase(text, '--purchase')),
        ...options.renewal.map((text) => parseRenewal(text, '--renewal')),
      ],
      preallocation: options.preallocation,
    },
    now(),
  );
  writeNewFile(options.out, document, 0o644);

  const items = application.items.map((item) => ({ pid: pidOf(item), ...item }));
  const { applicationId, apps } = application;
  answer(
    terminal,
    { applicationId, serverId, cid, apps, items, file: options.out },
    describe(application, options.out, terminal),
  );
  return 0;
}

function parseApp(text: string): Application['apps'][number] {
  const [name = '', appId] = text.split('=', 2);
  return {
    appId: appId === undefined ? newAppId() : parseOption(appId, '--app', APP_ID),
    name: parseOption(name, '--app', NAME),
  };
}

function pidOf(item: ApplicationItem): string {
  return item.kind === 'renewal' ? item.pid : derivePid(item.sku, item.validity, item.category);
}

function describe(
  { name, cid, apps, items }: Application,
  file: string,
  { language, columns }: Terminal,
): string {
  const words = WORDS[language];
  const facts = table([
    [words.company, `${name} (CID ${cid})`],
    ...apps.map((app) => ['App', `${app.appId}  ${app.name}`]),
    [words.file, file],
  ]);
  const rows = items.flatMap((item) => {
    const what =
      item.kind === 'purchase' ? describeLicense(item, language) : describeValidity(item.validity, language);
    return [[words[item.kind], pidOf(item), item.count, what]];
  });
  const list = rows.length === 0 ? '' : `\n${table([words.head, ...rows], { columns })}`;
  return `${facts}${list}\n${words.next}`;
}

const WORDS = {
  en: {
    company: 'Company',
    file: 'File',
    head: ['Line', 'PID', 'Count', 'What'],
    purchase: 'purchase',
    renewal: 'renewal',
    next: 'Send the file to the vendor; import what comes back: license-server import FILE',
  },
  zh: {
    company: '企业',
    file: '文件',
    head: ['类型', 'PID', '数量', '内容'],
    purchase: '购买',
    renewal: '续期',
    next: '请将该文件发给厂商；收到证书与授权后导入：license-server import FILE',
  },
};
