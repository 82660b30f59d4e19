import { answer } from '#core/host/cli.ts';
import { createCredential, revokeCredential, type Scope } from '../licensing/credentials.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface CredentialOptions {
  cid: string;
  scope: Scope;
}

/** `license-server credentials create`: a pair for the OpenAPI, its secret shown this once. */
export async function create(context: CommandContext, { cid, scope }: CredentialOptions): Promise<void> {
  const credential = await withStore(context, (store) =>
    store.write(now(), (transaction) => createCredential(transaction, cid, scope, operator())),
  );
  const { customerId, customerSecret } = credential;
  const text =
    context.terminal.language === 'zh'
      ? `customerId      ${customerId}\ncustomerSecret  ${customerSecret}\n密钥只显示这一次，请妥善保存。`
      : `customerId      ${customerId}\ncustomerSecret  ${customerSecret}\nThe secret is shown this once; keep it.`;
  answer(context.terminal, credential, text);
}

/** `license-server credentials list`, without secrets. */
export async function list(context: CommandContext): Promise<void> {
  const rows = await withStore(context, (store) =>
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
  const text = rows.map(
    ({ customerId, cid, scope, revokedAt }) =>
      `${customerId}  CID ${cid}  ${scope}${revokedAt === null ? '' : '  revoked'}`,
  );
  answer(context.terminal, { credentials: rows }, text.join('\n'));
}

/** `license-server credentials revoke CUSTOMER_ID`. */
export async function revoke(context: CommandContext, customerId: string): Promise<void> {
  await withStore(context, (store) =>
    store.write(now(), (transaction) => revokeCredential(transaction, customerId, operator())),
  );
  answer(
    context.terminal,
    { customerId, revoked: true },
    context.terminal.language === 'zh' ? `凭证 ${customerId} 已撤销` : `Credentials ${customerId} revoked`,
  );
}
