import { Enrollment } from '#core/documents/enrollment.ts';
import type { ExitCode } from '#core/error-table.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { requireNewFile, writeNewFile } from '#core/host/write-new-file.ts';
import { localDay } from '#core/local-time.ts';
import { parseOption, textField } from '#core/notation/fields.ts';
import { enrollmentServer } from '../enrollment-server.ts';
import {
  createEnrollment,
  enrollmentState,
  enrollments,
  revokeEnrollment,
} from '../licensing/enrollments.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';
import { readAuthorityFile } from './read-authority-file.ts';

export interface EnrollmentOptions {
  app: string;
  pid: string;
  out: string;
  maxActivations: number;
  days: number;
  url: string[];
  caFile?: string;
}

const DAY_SECONDS = 86_400;
const SERVER_URL = textField(Enrollment.properties.serverUrls.items, {
  en: 'a URL of http or https',
  zh: 'http 或 https 的 URL',
});

/** `license-server enrollment create`: the file that devices of an App enroll with. */
export async function createEnrollmentFile(
  context: CommandContext,
  options: EnrollmentOptions,
): Promise<ExitCode> {
  const { terminal, config } = context;
  const { app: appId, pid, out, maxActivations, days } = options;
  requireNewFile(out);
  const given = options.url.map((url) => parseOption(url, '--url', SERVER_URL));
  const pinned = options.caFile === undefined ? undefined : readAuthorityFile(options.caFile);
  const enrollment = await withStore(context, async (store, installation) => {
    const expiresAt = now() + days * DAY_SECONDS;
    const wish = { appId, pid, maxActivations, expiresAt, actor: operator(context) };
    const told = { appId, serverUrls: given, caCertificate: pinned };
    const server = await enrollmentServer(store.reader, installation, config, told, now());
    const made = await store.write(now(), (transaction) => createEnrollment(transaction, wish, server));
    try {
      // After the commit: a slow stick must not hold up a server at work on the same store.
      writeNewFile(out, `${JSON.stringify(made, null, 2)}\n`, 0o600);
    } catch (cause) {
      await store.write(now(), (transaction) =>
        revokeEnrollment(transaction, made.enrollment.id, operator(context)),
      );
      throw cause;
    }
    return made;
  });

  const { serverUrls } = enrollment;
  const { id, expiresAt } = enrollment.enrollment;
  const authority = pinned !== undefined ? 'file' : config.tls ? 'server' : 'system';
  const words = WORDS[terminal.language];
  const facts = table([
    [words.enrollment, id],
    [words.limit, words.activations(maxActivations, localDay(expiresAt, config.zone))],
    ...serverUrls.map((url, index) => [index === 0 ? words.urls : '', url]),
    [words.authority, words.authorities[authority]],
    [words.file, out],
  ]);
  answer(
    terminal,
    { id, file: out, appId, pid, maxActivations, expiresAt, serverUrls, authority },
    `${facts}\n${words.next(out)}`,
  );
  return 0;
}

/** `license-server enrollment list`. */
export async function listEnrollments(context: CommandContext): Promise<ExitCode> {
  const { terminal, config } = context;
  const found = await withStore(context, ({ reader }) => enrollments(reader));
  const words = WORDS[terminal.language];
  const at = now();
  const rows = found.map((each) => [
    each.id,
    words.states[enrollmentState(each, at)],
    `${each.used}/${each.maxActivations}`,
    localDay(each.expiresAt, config.zone),
    each.name,
    each.pid,
  ]);
  const text = rows.length === 0 ? words.none : table([words.head, ...rows], terminal);
  answer(terminal, { enrollments: found.map(({ cid: _cid, name: _name, ...rest }) => rest) }, text);
  return 0;
}

/** `license-server enrollment revoke ID`. */
export async function revokeEnrollmentFile(context: CommandContext, id: string): Promise<ExitCode> {
  await withStore(context, (store) =>
    store.write(now(), (transaction) => revokeEnrollment(transaction, id, operator(context))),
  );
  answer(context.terminal, { id, revoked: true }, WORDS[context.terminal.language].revoked(id));
  return 0;
}

const WORDS = {
  en: {
    enrollment: 'Enrollment',
    limit: 'For',
    activations: (most: number, until: string) => `at most ${most} activations until ${until}`,
    urls: 'Server',
    authority: 'Trusted for TLS',
    authorities: {
      server: "this server's own authority",
      file: 'the given authority',
      system: "the authorities of the device's system",
    },
    file: 'File',
    next: (out: string) =>
      `The file holds a secret, keep it safe.\nOn each device: license-agent enroll ${out}`,
    head: ['ID', 'State', 'Used', 'Until', 'App', 'PID'],
    states: { inForce: 'in force', usedUp: 'used up', ended: 'ended', revoked: 'revoked' },
    none: 'There are no enrollments.',
    revoked: (id: string) => `Enrollment ${id} is revoked.`,
  },
  zh: {
    enrollment: '登记',
    limit: '限额',
    activations: (most: number, until: string) => `最多激活 ${most} 个，有效期至 ${until}`,
    urls: '服务器',
    authority: 'TLS 信任',
    authorities: { server: '本服务器的颁发机构', file: '所给的颁发机构', system: '设备系统信任的颁发机构' },
    file: '文件',
    next: (out: string) => `文件内含密钥，请妥善保管。\n在每台设备上执行：license-agent enroll ${out}`,
    head: ['ID', '状态', '已用', '有效期至', 'App', 'PID'],
    states: { inForce: '有效', usedUp: '已用完', ended: '已到期', revoked: '已撤销' },
    none: '没有登记。',
    revoked: (id: string) => `登记 ${id} 已撤销。`,
  },
};
