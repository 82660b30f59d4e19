import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer, usageError } from '#core/host/cli.ts';
import { saysYes } from '#core/host/person-at-terminal.ts';
import { parseLicenseKey } from '#core/ids.ts';
import type { Verb } from '../../licensing/batch.ts';
import type { Outcome } from '../../licensing/outcome.ts';
import { countOf } from '../../licensing/preauthorization/blocks.ts';
import { clearPreauthorizations } from '../../licensing/preauthorization/clear-preauthorizations.ts';
import { deletePreauthorizations } from '../../licensing/preauthorization/delete-preauthorizations.ts';
import { preauthorize } from '../../licensing/preauthorization/preauthorize.ts';
import { switchPreauthorization } from '../../licensing/preauthorization/switch-preauthorization.ts';
import type { Store } from '../../store/database.ts';
import { type CommandContext, now, operator, withStore } from '../context.ts';
import { type AppOption, appNamed } from './app-option.ts';

export interface ClearOptions extends AppOption {
  yes?: boolean;
}

/** `license-server preauthorization switch [on|off]`. */
export async function switchByCommand(
  context: CommandContext,
  wanted: string | undefined,
  options: AppOption,
): Promise<ExitCode> {
  if (wanted !== undefined && wanted !== 'on' && wanted !== 'off')
    throw usageError({ en: `"${wanted}" is neither on nor off`, zh: `“${wanted}”应为 on 或 off` });
  const set = wanted === undefined ? {} : { enabled: wanted === 'on' };
  const { enabled } = await withStore(context, (store) =>
    carryOutOne(store, wisherOf(context, options), switchPreauthorization, set),
  );
  const words = WORDS[context.terminal.language];
  answer(context.terminal, { appId: options.app, enabled }, enabled ? words.on : words.off);
  return 0;
}

/** `license-server preauthorization add LICENSE_KEY…`. */
export async function addByCommand(
  context: CommandContext,
  keys: readonly string[],
  options: AppOption,
): Promise<ExitCode> {
  const wishes = keys.map((key) => ({ licenseKey: parseLicenseKey(key) }));
  const outcomes = await withStore(context, (store) =>
    carryOut(store, wisherOf(context, options), preauthorize, wishes),
  );
  const added = outcomes.filter((outcome) => outcome.added).length;
  const words = WORDS[context.terminal.language];
  const result = { appId: options.app, added, duplicates: keys.length - added };
  answer(context.terminal, result, words.added(added, keys.length - added));
  return 0;
}

/** `license-server preauthorization delete LICENSE_KEY…`. */
export async function deleteByCommand(
  context: CommandContext,
  keys: readonly string[],
  options: AppOption,
): Promise<ExitCode> {
  const wish = { licenseKeys: keys.map(parseLicenseKey) };
  const { deleted } = await withStore(context, (store) =>
    carryOutOne(store, wisherOf(context, options), deletePreauthorizations, wish),
  );
  const words = WORDS[context.terminal.language];
  answer(context.terminal, { appId: options.app, deleted }, words.deleted(deleted));
  return 0;
}

/**
 * `license-server preauthorization clear`: asks who sits at the terminal, since nothing brings the list back.
 *
 * @throws `not_confirmed`
 */
export async function clearByCommand(context: CommandContext, options: ClearOptions): Promise<ExitCode> {
  const { terminal, person } = context;
  const words = WORDS[terminal.language];
  const cleared = await withStore(context, async (store) => {
    const { list } = await appNamed(store, options);
    const count = list === undefined ? 0 : await countOf(store.reader, list.list);
    const sure = options.yes || count === 0 || saysYes(await person?.ask(words.question(count)));
    if (!sure) throw new LicenseError('not_confirmed');
    return (await carryOutOne(store, wisherOf(context, options), clearPreauthorizations, {})).cleared;
  });
  answer(terminal, { appId: options.app, cleared }, words.cleared(cleared));
  return 0;
}

interface Wisher extends AppOption {
  readonly actor: string;
}

function wisherOf(context: CommandContext, { app }: AppOption): Wisher {
  return { app, actor: operator(context) };
}

/** Runs a verb for an operator, in one transaction: the first refusal ends it, and nothing is changed. */
async function carryOut<Wish extends object, Request, Result extends object>(
  store: Store,
  wisher: Wisher,
  verb: Verb<Request, Outcome<Result>>,
  wishes: readonly Wish[],
): Promise<Result[]> {
  const { cid } = await appNamed(store, wisher);
  const whose = { cid, appId: wisher.app, actor: wisher.actor };
  return store.write(now(), async (transaction) => {
    const requests = wishes.map((wish) => ({ ...whose, ...wish }) as Request);
    const outcomes = await verb(transaction, requests);
    return outcomes.map((outcome) => {
      if (!outcome.ok) throw outcome.error;
      return outcome;
    });
  });
}

async function carryOutOne<Wish extends object, Request, Result extends object>(
  store: Store,
  wisher: Wisher,
  verb: Verb<Request, Outcome<Result>>,
  wish: Wish,
): Promise<Result> {
  const [result] = await carryOut(store, wisher, verb, [wish]);
  if (result === undefined) throw new Error('a verb gave no outcome');
  return result;
}

const WORDS = {
  en: {
    on: 'Preauthorization is on: only LicenseKeys of the list may activate.',
    off: 'Preauthorization is off: any LicenseKey may activate.',
    added: (added: number, duplicates: number) =>
      `${added} added${duplicates === 0 ? '' : `, ${duplicates} there before`}.`,
    deleted: (deleted: number) => `${deleted} deleted.`,
    question: (count: number) => `Take all ${count} LicenseKeys off the list? [y/N] `,
    cleared: (count: number) => `${count} deleted; the list is empty.`,
  },
  zh: {
    on: '预授权已开启：只有列表中的 LicenseKey 可以激活。',
    off: '预授权已关闭：任何 LicenseKey 都可以激活。',
    added: (added: number, duplicates: number) =>
      `已增加 ${added} 个${duplicates === 0 ? '' : `，另有 ${duplicates} 个已存在`}。`,
    deleted: (deleted: number) => `已删除 ${deleted} 个。`,
    question: (count: number) => `确定清空列表中的 ${count} 个 LicenseKey？[y/N] `,
    cleared: (count: number) => `已删除 ${count} 个，列表为空。`,
  },
};
