import { derivePid } from '#core/catalog.ts';
import type { Application, ApplicationItem } from '#core/documents/application.ts';
import { answer } from '#core/host/cli.ts';
import { createFileDurably } from '#core/host/files.ts';
import { newAppId } from '#core/ids.ts';
import { parseOption, required, textField } from '#core/notation/fields.ts';
import { parsePurchase } from '#core/notation/purchase.ts';
import { parseRenewal } from '#core/notation/renewal.ts';
import { AppId, Cid, Name } from '#core/shapes.ts';
import { loadInstallation } from '../installation.ts';
import { apply } from '../licensing/apply.ts';
import { type CommandContext, now } from './context.ts';

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

const APP_ID = textField(AppId, 'an App ID of 32 lower-case hex characters');
const NAME = textField(Name, 'a name of at most 100 characters');
const CID = textField(Cid, 'a CID');

/** `license-server apply`: the file to send to the vendor. */
export async function applyForLicenses(
  { terminal, config }: CommandContext,
  options: ApplyOptions,
): Promise<void> {
  const { serverId, key } = loadInstallation(config.stateDir);
  const { application, document } = await apply(
    { serverId, key },
    {
      cid: parseOption(options.cid, '--cid', CID),
      name: parseOption(options.name, '--name', NAME),
      apps: required(options.app.length > 0 ? options.app.map(parseApp) : undefined, '--app'),
      items: [
        ...options.purchase.map((text) => parsePurchase(text, '--purchase')),
        ...options.renewal.map((text) => parseRenewal(text, '--renewal')),
      ],
      preallocation: options.preallocation,
    },
    now(),
  );
  createFileDurably(options.out, document, 0o644);

  const items = application.items.map((item) => ({ pid: pidOf(item), ...item }));
  const { applicationId, cid, apps } = application;
  answer(
    terminal,
    { applicationId, serverId, cid, apps, items, file: options.out },
    describe(application, options.out, terminal.language === 'zh'),
  );
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

function describe({ name, cid, apps, items }: Application, file: string, zh: boolean): string {
  return [
    zh ? `${name}（CID ${cid}）的申请：${file}` : `Application of ${name} (CID ${cid}): ${file}`,
    ...apps.map((app) => `  App   ${app.appId}  ${app.name}`),
    ...items.map((item) => {
      const what = item.kind === 'purchase' ? (zh ? '购买' : 'buy  ') : zh ? '续期' : 'renew';
      return `  ${what} ${pidOf(item)}  ${item.count}`;
    }),
    zh
      ? '请将此文件发给厂商；收到证书和授权后执行：license-server import FILE'
      : 'Send this file to the vendor; import what comes back: license-server import FILE',
  ].join('\n');
}
