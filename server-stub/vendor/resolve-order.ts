import type { Application, ApplicationItem } from '#core/documents/application.ts';
import { LicenseError } from '#core/errors.ts';
import { APP_ID, CID, NAME } from '#core/notation/common-fields.ts';
import { parseOption, parseOptional, required, textField } from '#core/notation/fields.ts';
import { Id } from '#core/shapes.ts';
import type { GrantOrder, OrderedApp, OrderedLine } from './grant-order.ts';
import { type Limits, limitsOf } from './limits.ts';
import { parsePurchase } from './parse-purchase.ts';
import { parseRenewal } from './parse-renewal.ts';

const SERVER_ID = textField(Id, {
  en: 'a server id of 32 upper-case hex characters',
  zh: '32 位大写十六进制的服务器 ID',
});
const GRANT_ID = textField(Id, {
  en: 'a grant id of 32 upper-case hex characters',
  zh: '32 位大写十六进制的授权 ID',
});

/** What was typed beside, or instead of, an application; texts as given. */
export interface OrderOptions {
  readonly serverId?: string;
  readonly cid?: string;
  readonly name?: string;
  /** `APPID` or `APPID=NAME` each. */
  readonly apps: readonly string[];
  readonly purchases: readonly string[];
  readonly renewals: readonly string[];
  readonly preallocation?: boolean;
  readonly replaces?: string;
  readonly again?: boolean;
  readonly limits: Partial<Limits>;
}

/**
 * The order that an application and options make together: options add Apps and lines, and override name,
 * preallocation and limits; server and company are those of the application.
 *
 * @param application already verified
 * @throws `parameter_invalid`, `parameter_missing`
 */
export function resolveOrder(application: Application | undefined, options: OrderOptions): GrantOrder {
  const serverId = parseOptional(options.serverId, '--server-id', SERVER_ID);
  const cid = parseOptional(options.cid, '--cid', CID);
  const name = parseOptional(options.name, '--name', NAME);
  const replaces = parseOptional(options.replaces, '--replaces', GRANT_ID);
  const { limits } = options;
  return {
    serverId: agreed(serverId, application?.iss, '--server-id'),
    cid: agreed(cid, application?.cid, '--cid'),
    name: required(name ?? application?.name, '--name'),
    apps: appsOf(application, options),
    lines: [
      ...(application?.items ?? []).map((item) => lineOf(item, limits)),
      ...options.purchases.map((text) => parsePurchase(text, limits)),
      ...options.renewals.map(parseRenewal),
    ],
    ...(replaces !== undefined && { replaces }),
    ...(application !== undefined && { applicationId: application.applicationId }),
    again: options.again ?? false,
  };
}

function lineOf(item: ApplicationItem, limits: Partial<Limits>): OrderedLine {
  if (item.kind === 'renewal') {
    const { kind, pid, validity, count } = item;
    return { kind, pid, validity, count };
  }
  const { kind, sku, validity, category, count, label } = item;
  return {
    kind,
    sku,
    validity,
    category,
    count,
    ...(label !== undefined && { label }),
    ...limitsOf(category, limits),
  };
}

/** The application's Apps, then those of the options; an App in both takes the name of the option, if it has one. */
function appsOf(application: Application | undefined, options: OrderOptions): OrderedApp[] {
  const preallocation = options.preallocation ?? application?.preallocation ?? false;
  const names = new Map(application?.apps.map(({ appId, name }) => [appId, name]));
  for (const text of options.apps) {
    const [appId = '', ...rest] = text.split('=');
    parseOption(appId, '--app', APP_ID);
    const name = parseOptional(rest.length > 0 ? rest.join('=') : undefined, '--app', NAME);
    names.set(appId, name ?? names.get(appId) ?? appId);
  }
  if (names.size === 0) throw new LicenseError('parameter_missing', { name: '--app' });
  return [...names].map(([appId, name]) => ({ appId, name, preallocation }));
}

function agreed(option: string | undefined, applied: string | undefined, name: string): string {
  if (option !== undefined && applied !== undefined && option !== applied) {
    const problem = { en: `the application is of ${applied}`, zh: `申请文件属于 ${applied}` };
    throw new LicenseError('parameter_invalid', { name, problem });
  }
  return required(option ?? applied, name);
}
