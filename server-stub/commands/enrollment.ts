import { hostname } from 'node:os';
import { answer } from '#core/host/cli.ts';
import { createFileDurably } from '#core/host/files.ts';
import { createEnrollment, revokeEnrollment } from '../licensing/enrollments.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

export interface EnrollmentOptions {
  app: string;
  pid: string;
  out: string;
  maxActivations: number;
  days: number;
  url: string[];
}

const DAY_SECONDS = 86_400;

/** `license-server enrollment create`: the file that devices of an App enroll with. */
export async function createEnrollmentFile(
  context: CommandContext,
  options: EnrollmentOptions,
): Promise<void> {
  const { terminal, config } = context;
  const { app: appId, pid, out, maxActivations, days, url } = options;
  const serverUrls = [url, config.publicUrls].find((urls) => urls.length > 0) ?? [defaultUrl(config)];
  const enrollment = await withStore(context, (store, { serverId, roots, tls }) =>
    store.write(now(), async (transaction) => {
      const made = await createEnrollment(
        transaction,
        { appId, pid, maxActivations, expiresAt: now() + days * DAY_SECONDS, actor: operator() },
        {
          serverUrls,
          caCertificate: config.tls ? tls.authority : '',
          serverId,
          rootThumbprint: roots.root.thumbprint,
        },
      );
      // Inside the transaction: where the file cannot be written, no enrollment stays behind.
      createFileDurably(out, `${JSON.stringify(made, null, 2)}\n`, 0o600);
      return made;
    }),
  );
  const { id, expiresAt } = enrollment.enrollment;
  const until = new Date(expiresAt * 1000).toISOString().slice(0, 10);
  const text =
    terminal.language === 'zh'
      ? `登记文件：${out}\n最多 ${maxActivations} 次激活，有效期至 ${until}；内含密钥，请妥善保管。\n在设备上执行：license-agent enroll ${out}`
      : `Enrollment file: ${out}\nUp to ${maxActivations} activations until ${until}; it holds a secret, keep it safe.\nOn the device: license-agent enroll ${out}`;
  answer(terminal, { id, file: out, appId, pid, maxActivations, expiresAt, serverUrls }, text);
}

/** `license-server enrollment list`. */
export async function listEnrollments(context: CommandContext): Promise<void> {
  const rows = await withStore(context, (store) =>
    store.reader
      .selectFrom('enrollment')
      .select([
        'enrollment_id as id',
        'app_id as appId',
        'pid',
        'used',
        'max_activations as maxActivations',
        'expires_at as expiresAt',
        'revoked_at as revokedAt',
      ])
      .orderBy('created_at')
      .execute(),
  );
  const text = rows.map(
    ({ id, appId, pid, used, maxActivations, revokedAt }) =>
      `${id}  App ${appId}  PID ${pid}  ${used}/${maxActivations}${revokedAt === null ? '' : '  revoked'}`,
  );
  answer(context.terminal, { enrollments: rows }, text.join('\n'));
}

/** `license-server enrollment revoke ID`. */
export async function revoke(context: CommandContext, id: string): Promise<void> {
  await withStore(context, (store) =>
    store.write(now(), (transaction) => revokeEnrollment(transaction, id, operator())),
  );
  answer(
    context.terminal,
    { id, revoked: true },
    context.terminal.language === 'zh' ? `登记 ${id} 已撤销` : `Enrollment ${id} revoked`,
  );
}

function defaultUrl({ tls, port }: CommandContext['config']): string {
  return `${tls ? 'https' : 'http'}://${hostname()}:${port}`;
}
