import { requireSubcommand } from '#core/host/command-line.ts';
import type { AppOption } from '../commands/preauthorization/app-option.ts';
import type { ClearOptions } from '../commands/preauthorization/change.ts';
import type { ExportOptions, ListOptions } from '../commands/preauthorization/look.ts';
import type { UploadOptions } from '../commands/preauthorization/upload.ts';
import { type Setting, wholeNumber } from './setting.ts';

const MOST_SIZE = 1000;
const MOST_PAGE = 1_000_000_000;

/** `license-server preauthorization …`. */
export function addPreauthorization({ program, language, run }: Setting): void {
  const texts = TEXTS[language];
  const change = () => import('../commands/preauthorization/change.ts');
  const look = () => import('../commands/preauthorization/look.ts');
  const upload = () => import('../commands/preauthorization/upload.ts');
  const group = program.command('preauthorization').description(texts.about);
  const command = (name: string, description: string) =>
    group.command(name).description(description).requiredOption('--app <APP_ID>', texts.app);

  command('switch', texts.switch)
    .argument('[on|off]', texts.onOff)
    .action(
      run(async (context, wanted: string | undefined, options: AppOption) =>
        (await change()).switchByCommand(context, wanted, options),
      ),
    );
  command('add', texts.add)
    .argument('<LICENSE_KEY...>', texts.keys)
    .action(
      run(async (context, keys: string[], options: AppOption) =>
        (await change()).addByCommand(context, keys, options),
      ),
    );
  command('upload', texts.upload)
    .argument('<FILE>', texts.file)
    .option('--partial', texts.partial)
    .action(
      run(async (context, file: string, options: UploadOptions) =>
        (await upload()).uploadByCommand(context, file, options),
      ),
    );
  command('delete', texts.delete)
    .argument('<LICENSE_KEY...>', texts.keys)
    .action(
      run(async (context, keys: string[], options: AppOption) =>
        (await change()).deleteByCommand(context, keys, options),
      ),
    );
  command('clear', texts.clear)
    .option('--yes', texts.yes)
    .action(run(async (context, options: ClearOptions) => (await change()).clearByCommand(context, options)));
  command('search', texts.search)
    .argument('<LICENSE_KEY>', texts.key)
    .action(
      run(async (context, key: string, options: AppOption) =>
        (await look()).searchByCommand(context, key, options),
      ),
    );
  command('list', texts.list)
    .option('--page <N>', texts.page, wholeNumber('--page', MOST_PAGE), 1)
    .option('--size <N>', texts.size, wholeNumber('--size', MOST_SIZE), 20)
    .action(run(async (context, options: ListOptions) => (await look()).listByCommand(context, options)));
  command('export', texts.export)
    .option('--out <FILE>', texts.out)
    .action(run(async (context, options: ExportOptions) => (await look()).exportByCommand(context, options)));
  command('uploads', texts.uploads).action(
    run(async (context, options: AppOption) => (await look()).listUploads(context, options)),
  );
  group
    .command('resume')
    .description(texts.resume)
    .action(run(async (context) => (await upload()).resumeUploads(context)));
  requireSubcommand(group);
}

const TEXTS = {
  en: {
    about: 'the LicenseKeys that may activate, where an App takes no others',
    switch: 'turn preauthorization of an App on or off; without a word, to the other side',
    add: 'preauthorize LicenseKeys',
    upload: 'preauthorize the LicenseKeys of a file, also beside a running server',
    delete: 'take LicenseKeys off the list; what is active stays active',
    clear: 'take all LicenseKeys off the list',
    search: 'look for a LicenseKey; exit 3 where it is not on the list',
    list: 'list LicenseKeys by page, newest first',
    export: 'print all LicenseKeys, one a line, in the order in which they came',
    uploads: 'show how far the newest uploads are',
    resume: 'go on with uploads that were interrupted; a running server does so by itself',
    app: 'App ID',
    onOff: 'on or off',
    keys: 'LicenseKeys',
    key: 'LicenseKey',
    file: 'UTF-8 text, one LicenseKey a line',
    partial: 'take the lines that are LicenseKeys, whatever the others are',
    yes: 'do not ask',
    page: 'page, from 1',
    size: 'LicenseKeys in a page',
    out: 'file to write; it must not exist yet',
  },
  zh: {
    about: '预授权：App 开启后，只有列表中的 LicenseKey 可以激活',
    switch: '开启或关闭 App 的预授权；不带参数时切换状态',
    add: '增加预授权的 LicenseKey',
    upload: '上传预授权文件，服务器运行时也可使用',
    delete: '从列表中删除 LicenseKey；已激活的不受影响',
    clear: '清空列表',
    search: '查询 LicenseKey；不在列表中时退出码为 3',
    list: '分页列出 LicenseKey，最新的在前',
    export: '按加入顺序输出全部 LicenseKey，每行一个',
    uploads: '显示最近上传的进度',
    resume: '继续被中断的上传；服务器运行时会自动继续',
    app: 'App ID',
    onOff: 'on 开启，off 关闭',
    keys: '一个或多个 LicenseKey',
    key: '要查询的 LicenseKey',
    file: 'UTF-8 文本文件，每行一个 LicenseKey',
    partial: '只导入有效的行，忽略其余各行',
    yes: '不再询问',
    page: '页码，从 1 开始',
    size: '每页条数',
    out: '要写入的文件，不能已存在',
  },
};
