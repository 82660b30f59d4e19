import type { ExitCode } from '#core/error-table.ts';
import { usageError } from '#core/host/cli.ts';
import { ACTS, type LicenseVerb } from '../../licensing/license-acts.ts';
import type { LicenseRow } from '../../licensing/license-rows.ts';
import { licensesHeldBy } from '../../licensing/rebind.ts';
import type { CommandContext } from '../context.ts';
import { type ChangeOptions, changeAtOnce, changeByOperator } from './change.ts';
import { readLicenseRows } from './read-rows.ts';

export interface VerbOptions extends ChangeOptions {
  csv?: string;
  /** Of transfer. */
  to?: string;
  /** Of renew: of all licenses that are named. */
  renewId?: string;
  /** Of label. */
  label?: string;
  group?: string;
  /** Of rebind: the thumbprint of a device key. */
  fromJkt?: string;
}

/** `license-server license suspend|resume|renew|release|transfer|rebind|label`. */
export async function runVerb(
  context: CommandContext,
  verb: LicenseVerb,
  names: readonly string[],
  options: VerbOptions,
): Promise<ExitCode> {
  const sources = [names.length > 0, options.csv !== undefined, options.fromJkt !== undefined];
  if (sources.filter(Boolean).length !== 1) {
    const own =
      verb === 'rebind' ? { en: ', or --from-jkt JKT', zh: '，或使用 --from-jkt JKT' } : { en: '', zh: '' };
    throw usageError({
      en: `choose one: name licenses, or give --csv FILE${own.en}`,
      zh: `请选择一种方式：列出许可证，或使用 --csv FILE${own.zh}`,
    });
  }
  const { fromJkt } = options;
  if (fromJkt !== undefined)
    return changeAtOnce(context, verb, ({ reader }) => licensesHeldBy(reader, fromJkt), options);
  return changeByOperator(context, verb, rowsOf(verb, names, options), options);
}

function rowsOf(verb: LicenseVerb, names: readonly string[], options: VerbOptions): LicenseRow[] {
  const { csv, to, renewId, label, group } = options;
  if (csv !== undefined) {
    if (to !== undefined || label !== undefined || group !== undefined)
      throw usageError({
        en: 'with --csv, all about a license stands in the file',
        zh: '使用 --csv 时，各项内容须写在文件中',
      });
    return readLicenseRows(csv, ACTS[verb].columns ?? []).map((row) => ({ ...row, renewId }));
  }
  if (verb === 'transfer' && (to === undefined || names.length !== 1))
    throw usageError({
      en: 'name one license and --to LICENSE_KEY, or give --csv FILE',
      zh: '请指定一个许可证与 --to LICENSE_KEY，或使用 --csv FILE',
    });
  if (verb === 'label' && label === undefined && group === undefined)
    throw usageError({ en: 'give --label or --group', zh: '请指定 --label 或 --group' });
  return names.map((name) => ({ name, toLicenseKey: to ?? '', renewId, label, group }));
}
