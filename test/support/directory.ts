import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { onTestFinished } from 'vitest';
import { writeFileDurably } from '#core/host/files.ts';
import type { TlsCertificates } from '../../server-stub/tls.ts';
import { temporaryFolder } from './folder.ts';

export const CLIENT_ID = 'license-server';
const CLIENT_SECRET = 'a secret: of + and % and more letters';
const CALLBACK = '/console/api/session/oidc/callback';

export interface TestDirectoryOptions {
  /** For HTTPS under its certificate. */
  tls?: Pick<TlsCertificates, 'certificate' | 'privateKey'>;
  /** Without a secret. */
  isPublic?: boolean;
}

/** A school's directory: node-oidc-provider with its own sign-in page, where any password is right. */
export class TestDirectory {
  readonly url: string;
  /** Configuration of a server that people sign in to through it. */
  readonly env: Readonly<Record<string, string>>;
  /** What is told of each person, by the subject. */
  readonly #people = new Map<string, Readonly<Record<string, unknown>>>();
  /** Whether claims of a scope are in the ID token too, or told by userinfo alone. */
  inToken = false;
  /** What a directory that lies says instead, signed with its key. */
  forge: ((claims: JWTPayload) => JWTPayload) | undefined;
  /** Whether a token is signed with a key that the directory does not name as its own. */
  breakSignature = false;
  readonly #isPublic: boolean;
  readonly #key: Awaited<ReturnType<typeof generateKeyPair>>;
  readonly #listener: { handle: RequestListener };
  readonly stop: () => void;

  private constructor(
    address: { url: string; stop: () => void; listener: { handle: RequestListener } },
    key: Awaited<ReturnType<typeof generateKeyPair>>,
    isPublic: boolean,
  ) {
    this.url = address.url;
    this.stop = address.stop;
    this.#listener = address.listener;
    this.#key = key;
    this.#isPublic = isPublic;
    const secretFile = join(temporaryFolder(), 'secret');
    writeFileDurably(secretFile, `${CLIENT_SECRET}\n`, 0o600);
    this.env = {
      LICENSE_SERVER_OIDC_ISSUER: this.url,
      LICENSE_SERVER_OIDC_CLIENT_ID: CLIENT_ID,
      ...(!isPublic && { LICENSE_SERVER_OIDC_CLIENT_SECRET_FILE: secretFile }),
    };
  }

  static async start({ tls, isPublic = false }: TestDirectoryOptions = {}): Promise<TestDirectory> {
    const listener = { handle: ((_, response) => void response.writeHead(503).end()) as RequestListener };
    const take: RequestListener = (request, response) => listener.handle(request, response);
    const server = tls
      ? createTlsServer({ cert: tls.certificate, key: tls.privateKey }, take)
      : createServer(take);
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const stop = () => {
      server.closeAllConnections();
      server.close();
    };
    onTestFinished(stop);
    const key = await generateKeyPair('ES256', { extractable: true });
    const url = `${tls ? 'https' : 'http'}://localhost:${port}`;
    return new TestDirectory({ url, stop, listener }, key, isPublic);
  }

  /** Answers from here on; people come back to this server. */
  async serve(serverUrl: string): Promise<void> {
    const jwk = { ...(await exportJWK(this.#key.privateKey)), alg: 'ES256', use: 'sig', kid: 'only' };
    const provider = new Provider(this.url, {
      clients: [
        {
          ...{ client_id: CLIENT_ID, redirect_uris: [serverUrl + CALLBACK], response_types: ['code'] },
          ...{ grant_types: ['authorization_code'], id_token_signed_response_alg: 'ES256' },
          ...(this.#isPublic
            ? { token_endpoint_auth_method: 'none' as const }
            : { client_secret: CLIENT_SECRET }),
        },
      ],
      jwks: { keys: [jwk as never] },
      conformIdTokenClaims: !this.inToken,
      claims: { profile: ['preferred_username', 'groups'], email: ['email', 'email_verified'] },
      cookies: { keys: ['of this test alone'] },
      pkce: { required: () => true },
      findAccount: (_, sub) => {
        const claims = this.#people.get(sub);
        return claims && { accountId: sub, claims: () => ({ ...claims, sub }) };
      },
      // Nobody is asked whether this server may know who they are.
      loadExistingGrant: async (context) => {
        const { client, account, params } = context.oidc;
        const grant = new provider.Grant({
          ...(client !== undefined && { clientId: client.clientId }),
          ...(account !== undefined && { accountId: account.accountId }),
        });
        grant.addOIDCScope(String(params?.['scope']));
        await grant.save();
        return grant;
      },
    });
    provider.use(async (context, next) => {
      await next();
      const answer = context.body as { id_token?: string } | undefined;
      if (this.forge === undefined || answer?.id_token === undefined) return;
      const claims = this.forge(decodeJwt(answer.id_token));
      const { privateKey } = this.breakSignature ? await generateKeyPair('ES256') : this.#key;
      const header = { alg: 'ES256', kid: 'only' };
      const id_token = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
      context.body = { ...answer, id_token };
    });
    this.#listener.handle = provider.callback();
  }

  /** Adds somebody, or says something else of them; what they type to sign in is their subject. */
  add(name: string, sub: string, claims: Readonly<Record<string, unknown>> = {}): void {
    this.#people.set(sub, { preferred_username: name, ...claims });
  }

  /** What a browser does at the directory: signs in there, and gives the address that it is sent back to. */
  async signIn(start: string, sub: string, backTo: string): Promise<string> {
    const cookies = new Map<string, string>();
    let [url, body] = [start, undefined as URLSearchParams | undefined];
    for (let hop = 0; hop < 10; hop += 1) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(url, {
        ...{ redirect: 'manual', headers: { cookie } },
        ...(body !== undefined && { method: 'POST', body }),
      });
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      body = undefined;
      if (location === null) {
        if (!url.includes('/interaction/')) throw new Error(`${response.status} ${await response.text()}`);
        body = new URLSearchParams({ prompt: 'login', login: sub, password: 'any' });
      } else url = new URL(location, url).href;
      if (url.startsWith(backTo)) return url;
    }
    throw new Error('the directory sends around in a circle');
  }
}
