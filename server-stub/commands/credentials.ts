import { isoDay } from '#core/clock.ts';
import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { createCredential, revokeCredential, type Scope } from '../licensing/credentials.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface CredentialOptions {
  cid: string;
  scope: Scope;
}

/** `license-server credentials create`: a pair for the OpenAPI, its secret shown this once. */
export async function create(context: CommandContext, { cid, scope }: CredentialOptions): Promise<ExitCode> {
  const credential = await withStore(context, (store) =>
    store.write(now(), (transaction) => createCredential(transaction, cid, scope, operator())),
  );
  const { customerId, customerSecret } = credential;
  const pair = table([
    ['customerId', customerId],
    ['customerSecret', customerSecret],
  ]);
  answer(context.terminal, credential, `${pair}\n${WORDS[context.terminal.language].once}`);
  return 0;
}

/** `license-server credentials list`, without secrets. */
export async function list(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const credentials = await withStore(context, (store) =>
    store.reader
      .selectFrom('credential')
      .select([
        'customer_id as customerId',
        'cid',
        'scope',
        'created_at as createdAt',
        'revoked_at as revokedAt',
      ])
      .orderBy('created_at')
      .execute(),
  );
  const words = WORDS[terminal.language];
  const rows = credentials.map(({ customerId, cid, scope, createdAt, revokedAt }) => [
    customerId,
    cid,
    scope,
    isoDay(createdAt),
    revokedAt === null ? words.inForce : words.revokedOn(isoDay(revokedAt)),
  ]);
  const text = rows.length === 0 ? words.none : table([words.head, ...rows], terminal);
  answer(terminal, { credentials }, text);
  return 0;
}

/** `license-server credentials revoke CUSTOMER_ID`. */
export async function revoke(context: CommandContext, customerId: string): Promise<ExitCode> {
  await withStore(context, (store) =>
    store.write(now(), (transaction) => revokeCredential(transaction, customerId, operator())),
  );
  const text = WORDS[context.terminal.language].revoked(customerId);
  answer(context.terminal, { customerId, revoked: true }, text);
  return 0;
}

const WORDS = {
  en: {
    once: 'The secret is shown this once; keep it.',
    head: ['customerId', 'CID', 'Scope', 'Created', 'State'],
    inForce: 'in force',
    revokedOn: (day: string) => `revoked ${day}`,
    none: 'There are no credentials.',
    revoked: (customerId: string) => `Credentials ${customerId} are revoked.`,
  },
  zh: {
    once: '密钥只显示这一次，请妥善保存。',
    head: ['customerId', 'CID', '范围', '创建日期', '状态'],
    inForce: '有效',
    revokedOn: (day: string) => `${day} 已撤销`,
    none: '没有凭证。',
    revoked: (customerId: string) => `凭证 ${customerId} 已撤销。`,
  },
};
