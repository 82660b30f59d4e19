import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { createSecureContext, TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { TlsCertificates } from '../../server-stub/tls.ts';

/** A mail as it arrived. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Header and body, lines ended by \n. */
  readonly text: string;
  readonly encrypted: boolean;
}

export interface SmtpSinkOptions {
  /** Offers STARTTLS under this certificate. */
  tls?: Pick<TlsCertificates, 'certificate' | 'privateKey'>;
  /** Asks for this user and password (AUTH PLAIN). */
  login?: { readonly user: string; readonly password: string };
  /** Another answer to a command: `550 no such user` for `RCPT`; '' for none at all. */
  refuse?: Readonly<Record<string, string>>;
}

/** As much of an SMTP server (RFC 5321, 3207, 4954) as it takes to be told by mail. */
export class SmtpSink {
  readonly host: string;
  readonly mails: ReceivedMail[] = [];
  refuse: Readonly<Record<string, string>>;
  readonly #options: SmtpSinkOptions;

  private constructor(host: string, options: SmtpSinkOptions) {
    this.host = host;
    this.#options = options;
    this.refuse = options.refuse ?? {};
  }

  static async start(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
    let sink: SmtpSink | undefined;
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.write('220 sink ESMTP\r\n');
      sink?.serve(socket, false);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    sink = new SmtpSink(`127.0.0.1:${(server.address() as AddressInfo).port}`, options);
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return sink;
  }

  serve(socket: Socket, encrypted: boolean): void {
    const { tls, login } = this.#options;
    let [from, to, text]: [string, string[], string[] | undefined] = ['', [], undefined];
    const lines = createInterface({ input: socket });
    const say = (answer: string) => void socket.write(`${answer}\r\n`);
    lines.on('line', (line) => {
      if (text !== undefined) {
        if (line !== '.') return void text.push(line.replace(/^\./, ''));
        this.mails.push({ from, to, text: text.join('\n'), encrypted });
        [from, to, text] = ['', [], undefined];
        return say('250 taken');
      }
      const [verb = ''] = line.toUpperCase().split(/[ :]/);
      const refusal = this.refuse[verb];
      if (refusal !== undefined) return refusal === '' ? undefined : say(refusal);
      switch (verb) {
        case 'EHLO':
          return say(
            ['sink', ...(tls && !encrypted ? ['STARTTLS'] : []), ...(login ? ['AUTH PLAIN'] : []), 'SIZE']
              .map((word, index, all) => `250${index === all.length - 1 ? ' ' : '-'}${word}`)
              .join('\r\n'),
          );
        case 'STARTTLS': {
          if (tls === undefined) return say('502 no TLS here');
          say('220 go on');
          lines.close();
          lines.removeAllListeners();
          const secureContext = createSecureContext({ cert: tls.certificate, key: tls.privateKey });
          const secure = new TLSSocket(socket, { isServer: true, secureContext });
          secure.on('error', () => {});
          return this.serve(secure, true);
        }
        case 'AUTH': {
          const expected = Buffer.from(`\0${login?.user}\0${login?.password}`).toString('base64');
          return say(line.split(' ')[2] === expected ? '235 welcome' : `535 not you: ${line}`);
        }
        case 'MAIL':
          from = /<(.*?)>/.exec(line)?.[1] ?? '';
          return say('250 ok');
        case 'RCPT':
          to.push(/<(.*?)>/.exec(line)?.[1] ?? '');
          return say('250 ok');
        case 'DATA':
          text = [];
          return say('354 go on');
        case 'QUIT':
          say('221 bye');
          return void socket.end();
        default:
          return say('250 ok');
      }
    });
  }
}
