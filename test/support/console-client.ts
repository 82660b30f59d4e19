import { SESSION_COOKIE } from '../../server-stub/http/console/console-scope.ts';
import { hashPassword } from '../../server-stub/users/password.ts';
import type { Role } from '../../server-stub/users/role.ts';
import { createUser } from '../../server-stub/users/users.ts';
import type { TestServer } from './server.ts';

export const FIRST_PASSWORD = 'four words of mine';
export const OWN_PASSWORD = 'another four words';
let firstHash: Promise<string> | undefined;

export interface ConsoleReply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects
  readonly body: any;
}

/** What a page of the Console sends: its cookie, and where it comes from. */
export class ConsoleClient {
  readonly #server: TestServer;
  cookie: string | undefined;

  constructor(server: TestServer) {
    this.#server = server;
  }

  /** A user who has signed in and chosen a password. */
  static async signedIn(
    server: TestServer,
    { name = 'admin', role = 'admin', cid = null }: { name?: string; role?: Role; cid?: string | null } = {},
  ): Promise<ConsoleClient> {
    firstHash ??= hashPassword(FIRST_PASSWORD);
    const passwordHash = await firstHash;
    await server.store.write(server.clock.now(), (transaction) =>
      createUser(transaction, { name, role, cid, passwordHash }, 'operator:test'),
    );
    const client = new ConsoleClient(server);
    await client.post('/session', { name, password: FIRST_PASSWORD });
    const { status } = await client.put('/session/password', {
      present: FIRST_PASSWORD,
      next: OWN_PASSWORD,
    });
    if (status !== 200) throw new Error(`signing in ended with ${status}`);
    return client;
  }

  get(path: string): Promise<ConsoleReply> {
    return this.send('GET', path);
  }

  post(path: string, body?: object): Promise<ConsoleReply> {
    return this.send('POST', path, body);
  }

  put(path: string, body?: object): Promise<ConsoleReply> {
    return this.send('PUT', path, body);
  }

  patch(path: string, body?: object): Promise<ConsoleReply> {
    return this.send('PATCH', path, body);
  }

  delete(path: string): Promise<ConsoleReply> {
    return this.send('DELETE', path);
  }

  async send(
    method: string,
    path: string,
    body?: object | string,
    headers: Readonly<Record<string, string>> = { origin: this.#server.url },
  ): Promise<ConsoleReply> {
    const response = await fetch(`${this.#server.url}/console/api${path}`, {
      method,
      headers: {
        ...headers,
        ...(this.cookie !== undefined && { cookie: `${SESSION_COOKIE}=${this.cookie}` }),
        ...(typeof body === 'object' && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const [, value] = /^[^=]+=([^;]*)/.exec(response.headers.get('set-cookie') ?? '') ?? [];
    if (value !== undefined) this.cookie = value || undefined;
    // With its byte order mark, which `text()` would take away.
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer());
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }
}
