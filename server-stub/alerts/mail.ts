import type { Bilingual } from '#core/errors.ts';
import { asQuoted, codeOf, reasonOf } from '#core/host/reason.ts';
import type { Receipt, Send } from './channel.ts';
import type { Message } from './compose-message.ts';

export interface MailOptions {
  /** `smtps://` or `smtp://`, with the user where the server asks for one. */
  readonly url: string;
  readonly password: string | undefined;
  readonly from: string;
  readonly to: readonly string[];
  /** PEM; '': the authorities of the machine. */
  readonly ca: string;
  /** Whether mail may go without TLS: to this host itself, or where the operator allows it. */
  readonly plain: 'never' | 'loopback' | 'allowed';
  readonly timeoutMs: number;
}

/** Sends messages by SMTP, a connection for each: they are few. */
export function mail(options: MailOptions): Send<Message> {
  const { from, to, timeoutMs } = options;
  return async ({ id, title, lines }, _at, signal) => {
    // Loaded on use: most servers tell nobody.
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({ ...settingsOf(options), ...timeouts(timeoutMs) });
    const ended = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    try {
      const sending = transport.sendMail({
        from,
        to: [...to],
        subject: title,
        text: `${lines.join('\n')}\n`,
        // The same message sent again is the same to those who sort out doubles.
        messageId: `<${id}@license-server>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      // Should time end it, nobody hears of its own failure any more.
      sending.catch(() => {});
      const { response } = await Promise.race([sending, ended]);
      return { delivered: true, answer: response };
    } catch (thrown) {
      signal.throwIfAborted();
      return mailFailure(thrown);
    } finally {
      transport.close();
    }
  };
}

function settingsOf({ url, password, ca, plain }: MailOptions) {
  const { protocol, hostname, port, username, password: inUrl } = new URL(url);
  const secure = protocol === 'smtps:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && plain === 'never',
    // The mail program of this host often has a certificate that nobody signed.
    ignoreTLS: !secure && plain === 'loopback',
    opportunisticTLS: !secure && plain === 'allowed',
    ...(ca !== '' && { tls: { ca: [ca] } }),
    ...(username !== '' && {
      auth: { user: decodeURIComponent(username), pass: password ?? decodeURIComponent(inUrl) },
    }),
    allowInternalNetworkInterfaces: true,
    maxResponseSize: 65_536,
  };
}

function timeouts(timeoutMs: number) {
  return {
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
  };
}

/** RFC 5321 §4.2.1: 4xx may be tried again, 5xx is about this message; without a code nobody answered. */
function mailFailure(thrown: unknown): Receipt {
  const status = thrown instanceof Error && 'responseCode' in thrown ? Number(thrown.responseCode) : 0;
  return { delivered: false, problem: problemOf(thrown, status), unavailable: status < 500 };
}

function problemOf(thrown: unknown, status: number): Bilingual {
  // A server may repeat the login line, in which the password is but encoded.
  if (codeOf(thrown) === 'EAUTH')
    return { en: `it refuses user or password (${status})`, zh: `用户名或密码被拒绝（${status}）` };
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // Of a failed connection the library keeps the system's code in its words alone.
  const code = status > 0 ? undefined : /\bE[A-Z]{3,}\b/.exec(message)?.[0];
  return code === undefined ? asQuoted(message) : reasonOf(Object.assign(new Error(message), { code }));
}
