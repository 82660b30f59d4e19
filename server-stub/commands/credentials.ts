import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { localDay, zonedTime } from '#core/local-time.ts';
import {
  type Credential,
  createCredential,
  credentials,
  revokeCredential,
  rotateCredential,
  type Scope,
} from '../licensing/credentials.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface CreateOptions {
  cid: string;
  scope: Scope;
  label?: string;
}

export interface RotateOptions {
  /** Hours. */
  overlap: number;
}

/** `license-server credentials create`: a pair for the OpenAPI, its secret shown this once. */
export async function create(context: CommandContext, options: CreateOptions): Promise<ExitCode> {
  const { cid, scope, label } = options;
  const credential = await withStore(context, (store) =>
    store.write(now(), (transaction) =>
      createCredential(transaction, cid, scope, operator(context), { label }),
    ),
  );
  const words = WORDS[context.terminal.language];
  answer(context.terminal, credential, `${pairOf(credential)}\n${words.once}`);
  return 0;
}

/** `license-server credentials rotate CUSTOMER_ID`: a new secret, shown this once. */
export async function rotate(
  context: CommandContext,
  customerId: string,
  { overlap }: RotateOptions,
): Promise<ExitCode> {
  const credential = await withStore(context, (store) =>
    store.write(now(), (transaction) =>
      rotateCredential(transaction, customerId, overlap * 3600, operator(context)),
    ),
  );
  const words = WORDS[context.terminal.language];
  const { previousUntil } = credential;
  const old =
    previousUntil === null ? words.ended : words.goesOn(zonedTime(previousUntil, context.config.zone));
  answer(context.terminal, credential, `${pairOf(credential)}\n${words.once}\n${old}`);
  return 0;
}

function pairOf({ customerId, customerSecret }: Credential): string {
  return table([
    ['customerId', customerId],
    ['customerSecret', customerSecret],
  ]);
}

/** `license-server credentials list`, without secrets. */
export async function list(context: CommandContext): Promise<ExitCode> {
  const { terminal, config } = context;
  const { zone } = config;
  const listed = await withStore(context, ({ reader }) => credentials(reader));
  const words = WORDS[terminal.language];
  const at = now();
  const rows = listed.map(({ customerId, cid, scope, label, createdAt, ...row }) => {
    const { lastUsedAt, previousUntil, revokedAt } = row;
    const overlap = previousUntil !== null && at < previousUntil;
    const state = overlap ? words.oldGoesOn(zonedTime(previousUntil, zone)) : words.inForce;
    return [
      customerId,
      cid,
      scope,
      label,
      localDay(createdAt, zone),
      lastUsedAt === null ? '–' : localDay(lastUsedAt, zone),
      revokedAt === null ? state : words.revokedOn(localDay(revokedAt, zone)),
    ];
  });
  const text = rows.length === 0 ? words.none : table([words.head, ...rows], terminal);
  answer(terminal, { credentials: listed }, text);
  return 0;
}

/** `license-server credentials revoke CUSTOMER_ID`. */
export async function revoke(context: CommandContext, customerId: string): Promise<ExitCode> {
  await withStore(context, (store) =>
    store.write(now(), (transaction) => revokeCredential(transaction, customerId, operator(context))),
  );
  const text = WORDS[context.terminal.language].revoked(customerId);
  answer(context.terminal, { customerId, revoked: true }, text);
  return 0;
}

const WORDS = {
  en: {
    once: 'The secret is shown this once; keep it.',
    ended: 'The old secret has ended.',
    goesOn: (time: string) => `The old secret goes on until ${time}.`,
    head: ['customerId', 'CID', 'Scope', 'Label', 'Created', 'Last used', 'State'],
    inForce: 'in force',
    oldGoesOn: (time: string) => `in force; old secret until ${time}`,
    revokedOn: (day: string) => `revoked ${day}`,
    none: 'There are no credentials.',
    revoked: (customerId: string) => `Credentials ${customerId} are revoked.`,
  },
  zh: {
    once: '密钥只显示这一次，请妥善保存。',
    ended: '旧密钥已失效。',
    goesOn: (time: string) => `旧密钥在 ${time} 前仍有效。`,
    head: ['customerId', 'CID', '范围', '用途', '创建日期', '最近使用', '状态'],
    inForce: '有效',
    oldGoesOn: (time: string) => `有效；旧密钥有效至 ${time}`,
    revokedOn: (day: string) => `${day} 已撤销`,
    none: '没有凭证。',
    revoked: (customerId: string) => `凭证 ${customerId} 已撤销。`,
  },
};
