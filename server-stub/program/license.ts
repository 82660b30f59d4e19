import type { Command } from 'commander';
import { requireSubcommand } from '#core/host/command-line.ts';
import type { ListOptions } from '../commands/license/list.ts';
import type { VerbOptions } from '../commands/license/run-verb.ts';
import type { ShowOptions } from '../commands/license/show.ts';
import type { LicenseVerb } from '../licensing/license-acts.ts';
import { LISTED_STATES } from '../licensing/license-filter.ts';
import { oneOf, type Setting, wholeNumber } from './setting.ts';

const MOST_ROWS = 1_000_000;
const MOST_DAYS = 36_500;

/** Columns of a list that a verb reads, where they are more than one. */
const COLUMNS: Partial<Record<LicenseVerb, string>> = {
  transfer: 'license, toLicenseKey',
  label: 'license, label, group',
};

/** `license-server license …`. */
export function addLicense({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const group = program.command('license').description(texts.about);
  group
    .command('list')
    .description(texts.list)
    .option('--cid <CID>', texts.cid)
    .option('--app <APP_ID>', texts.appOf)
    .option('--pid <PID>', texts.pidOf)
    .option('--state <STATE>', texts.state(LISTED_STATES.join(', ')), oneOf('--state', LISTED_STATES))
    .option('--group <GROUP>', texts.groupOf)
    .option('--key <TEXT>', texts.key)
    .option('--ending-within <DAYS>', texts.endingWithin, wholeNumber('--ending-within', MOST_DAYS))
    .option('--unseen <DAYS>', texts.unseen, wholeNumber('--unseen', MOST_DAYS))
    .option('--limit <N>', texts.limit, wholeNumber('--limit', MOST_ROWS))
    .option('--after <PLACE>', texts.after)
    .option('--csv', texts.csvOut)
    .action(
      run(async (context, options: ListOptions) =>
        (await import('../commands/license/list.ts')).listLicensesBy(context, options),
      ),
    );
  group
    .command('show')
    .description(texts.show)
    .argument('<LICENSE>', texts.license)
    .option('--app <APP_ID>', texts.app)
    .option('--pid <PID>', texts.pid)
    .action(
      run(async (context, name: string, options: ShowOptions) =>
        (await import('../commands/license/show.ts')).showLicense(context, name, options),
      ),
    );

  const verb = (name: LicenseVerb, add: (command: Command) => Command = (command) => command) => {
    const command = group
      .command(name)
      .description(texts[name])
      .argument('[LICENSE...]', texts.license)
      .option('--app <APP_ID>', texts.app)
      .option('--pid <PID>', texts.pid);
    add(command)
      .option('--csv <FILE>', texts.csvIn(COLUMNS[name] ?? 'license'))
      .option('--partial', texts.partial)
      .option('--yes', texts.yes)
      .action(
        run(async (context, names: string[], options: VerbOptions) =>
          (await import('../commands/license/run-verb.ts')).runVerb(context, name, names, options),
        ),
      );
  };
  verb('suspend');
  verb('resume');
  verb('renew', (command) => command.option('--renew-id <ID>', texts.renewId));
  verb('release');
  verb('transfer', (command) => command.option('--to <LICENSE_KEY>', texts.to));
  verb('rebind', (command) => command.option('--from-jkt <JKT>', texts.fromJkt));
  verb('label', (command) =>
    command.option('--label <TEXT>', texts.labelText).option('--group <TEXT>', texts.groupText),
  );
  requireSubcommand(group);
}

const TEXTS = {
  en: {
    about: 'licenses that were activated: find them, change them',
    list: 'list licenses, the oldest first',
    show: 'show all of one license and what happened to it',
    suspend: 'pause licenses: their devices stop at their next contact, until they are resumed',
    resume: 'make suspended or released licenses active again',
    renew: 'renew licenses: each consumes one renewal license and lasts longer by what that says',
    release: 'end licenses on their devices; the licenses stay, to be resumed or transferred',
    transfer: 'move licenses to other LicenseKeys; their end stays, the new device binds by itself',
    rebind:
      'let the next device with the LicenseKey bind; the earlier one is a different device from then on',
    label: 'give licenses a label or a group; an empty text takes it away',
    cid: 'of one company',
    appOf: 'of one App',
    pidOf: 'of one PID',
    state: (states: string) => `in one state: ${states}`,
    groupOf: 'of one group; "" = of none',
    key: 'whose LicenseKey or license value begins so',
    endingWithin: 'that end within so many days',
    unseen: 'whose device did not ask for so many days',
    limit: 'rows at most (default: 50; with --csv all)',
    after: 'go on where the list before ended, as it said',
    csvOut: 'as a CSV file in UTF-8, on stdout',
    license: 'license value or LicenseKey',
    app: 'App of the LicenseKey, where several have it',
    pid: 'PID of the license, where the LicenseKey has several',
    to: 'LicenseKey that the license is moved to',
    renewId: 'which renewal licenses (default: any of the PID that are left)',
    fromJkt: 'all licenses that this device key holds: for a gateway that is replaced',
    labelText: 'label, at most 100 characters',
    groupText: 'group, such as a room or building, at most 100 characters',
    csvIn: (columns: string) => `list of licenses: CSV in UTF-8 with a header; columns: ${columns}`,
    partial: 'change what can be changed, although others of the list cannot',
    yes: 'do not ask before several are changed',
  },
  zh: {
    about: '已激活的许可证：查找与更改',
    list: '列出许可证，按激活先后排列',
    show: '显示一个许可证的全部信息与操作记录',
    suspend: '暂停许可证：设备在下次连接时停用，直到恢复',
    resume: '恢复已暂停或已释放的许可证',
    renew: '为许可证续期：每个许可证消耗一个续期许可证，按其时长延长有效期',
    release: '在设备上结束许可证；许可证保留，可恢复或转移',
    transfer: '将许可证转移到其他 LicenseKey；有效期不变，新设备自行绑定',
    rebind: '允许使用该 LicenseKey 的下一台设备绑定；原设备此后视为其他设备',
    label: '设置许可证的标签或分组；空文本表示清除',
    cid: '仅限某个企业',
    appOf: '仅限某个 App',
    pidOf: '仅限某个 PID',
    state: (states: string) => `仅限某种状态：${states}`,
    groupOf: '仅限某个分组；"" 表示未分组',
    key: 'LicenseKey 或许可证值的开头',
    endingWithin: '在若干天内到期的许可证',
    unseen: '设备已有若干天未连接的许可证',
    limit: '最多显示的行数（默认 50；使用 --csv 时为全部）',
    after: '从上一次列表给出的位置继续',
    csvOut: '以 CSV（UTF-8）输出到标准输出',
    license: '许可证值或 LicenseKey',
    app: 'LicenseKey 所属的 App（多个 App 使用同一 LicenseKey 时）',
    pid: '许可证的 PID（LicenseKey 有多个许可证时）',
    to: '要转移到的 LicenseKey',
    renewId: '使用哪种续期许可证（默认：该 PID 任一尚有剩余的续期许可证）',
    fromJkt: '该设备密钥持有的全部许可证：用于更换网关',
    labelText: '标签，最多 100 个字符',
    groupText: '分组（如教室、楼栋），最多 100 个字符',
    csvIn: (columns: string) => `许可证列表：UTF-8 编码、带表头的 CSV；列：${columns.replaceAll(', ', '、')}`,
    partial: '列表中有不能更改的许可证时，仍更改其余许可证',
    yes: '更改多个许可证前不再询问',
  },
};
