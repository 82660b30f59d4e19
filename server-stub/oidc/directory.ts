import type { ClientAuth, Configuration, CustomFetch, IDToken } from 'openid-client';
import type { Dispatcher } from 'undici';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { createHttpDispatcher } from '#core/host/http-dispatcher.ts';
import { directoryFault } from './directory-fault.ts';
import type { OidcFlow } from './oidc-flow.ts';

export interface DirectoryOptions {
  readonly issuer: URL;
  /** As people call it. */
  readonly name: string;
  readonly clientId: string;
  /** undefined: a public client. */
  readonly secret: string | undefined;
  readonly scope: string;
  readonly nameClaim: string;
  /** undefined: groups mean nothing here. */
  readonly roleClaim: string | undefined;
  /** PEM of the authorities to trust and no others; '': those that the machine trusts. */
  readonly ca: string;
  /** Holds the proxy variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Whom the directory says that it let in. */
export interface Person {
  /** Together with the subject who it is, for ever; a name may be another's tomorrow. */
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** How long each answer of the directory may take, in seconds. */
const TIMEOUT_SECONDS = 5;
/** How long what the directory said of itself is believed, in milliseconds. */
const DISCOVERED_MS = 3_600_000;

/**
 * The directory that people sign in through: authorization code with PKCE, state and nonce (OpenID Connect Core §3.1,
 * RFC 9700 §2.1.1). It is asked who it is when the first person comes.
 */
export class Directory {
  readonly #options: DirectoryOptions;
  #dispatcher: Promise<Dispatcher> | undefined;
  #discovered: { at: number; connection: Promise<Configuration> } | undefined;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** As people call it; '': it has no name. */
  get name(): string {
    return this.#options.name;
  }

  /**
   * Begins a sign-in: where the browser goes, and what it keeps until it comes back.
   *
   * @throws `oidc_unreachable`, `oidc_invalid`
   */
  async begin(redirectUri: string, now: EpochSeconds): Promise<{ url: URL; flow: OidcFlow }> {
    try {
      const client = await loadClient();
      const connection = await this.#connect();
      const flow: OidcFlow = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
        begunAt: now,
      };
      const url = client.buildAuthorizationUrl(connection, {
        redirect_uri: redirectUri,
        scope: this.#options.scope,
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: 'S256',
      });
      return { url, flow };
    } catch (thrown) {
      throw directoryFault(thrown);
    }
  }

  /**
   * Ends a sign-in: who the person is that the browser comes back with.
   *
   * @param answer the redirect address as it was asked for, with what the directory added
   * @throws `oidc_unreachable`, `oidc_refused`, `oidc_invalid`, `oidc_name_missing`
   */
  async end(answer: URL, flow: OidcFlow): Promise<Person> {
    const { nameClaim, roleClaim } = this.#options;
    let claims: IDToken;
    try {
      claims = await this.#claims(answer, flow);
    } catch (thrown) {
      throw directoryFault(thrown);
    }
    const name = claims[nameClaim];
    // Whoever may write any address into a profile of theirs is not who it belongs to.
    const isVerified = nameClaim !== 'email' || claims['email_verified'] === true;
    if (typeof name !== 'string' || name === '' || !isVerified)
      throw new LicenseError('oidc_name_missing', { claim: nameClaim });
    const groups = [roleClaim === undefined ? [] : claims[roleClaim]].flat();
    return {
      ...{ issuer: claims.iss, subject: claims.sub, name },
      groups: groups.filter((group) => typeof group === 'string'),
    };
  }

  /** Ends its connections. */
  async close(): Promise<void> {
    await (await this.#dispatcher)?.destroy();
  }

  async #claims(answer: URL, { state, nonce, verifier }: OidcFlow): Promise<IDToken> {
    const client = await loadClient();
    const connection = await this.#connect();
    const tokens = await client.authorizationCodeGrant(connection, answer, {
      ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier },
      idTokenExpected: true,
    });
    const claims = tokens.claims() as IDToken;
    // A directory of many tenants may answer in the name of any of them.
    if (new URL(claims.iss).href !== this.#options.issuer.href)
      throw new LicenseError('oidc_invalid', { problem: { en: 'another issuer', zh: 'issuer 不一致' } });
    const { nameClaim, roleClaim } = this.#options;
    const wanted = [nameClaim, ...(roleClaim === undefined ? [] : [roleClaim])];
    if (wanted.every((claim) => claim in claims)) return claims;
    // OpenID Connect Core §5.4: claims of a scope may be told there alone.
    if (connection.serverMetadata().userinfo_endpoint === undefined) return claims;
    return { ...(await client.fetchUserInfo(connection, tokens.access_token, claims.sub)), ...claims };
  }

  /** Many at once ask it once; what failed is asked again by the next. */
  #connect(): Promise<Configuration> {
    const now = performance.now();
    if (this.#discovered !== undefined && now - this.#discovered.at < DISCOVERED_MS)
      return this.#discovered.connection;
    const discovered = { at: now, connection: this.#discover() };
    this.#discovered = discovered;
    discovered.connection.catch(() => {
      if (this.#discovered === discovered) this.#discovered = undefined;
    });
    return discovered.connection;
  }

  async #discover(): Promise<Configuration> {
    const { issuer, clientId, secret, ca, env } = this.#options;
    const client = await loadClient();
    const { fetch } = await import('undici');
    this.#dispatcher ??= createHttpDispatcher({ ca, env });
    const dispatcher = await this.#dispatcher;
    const throughOurs = ((url: string, options: object) =>
      fetch(url, { ...options, dispatcher })) as unknown as CustomFetch;
    return client.discovery(issuer, clientId, {}, authenticationOf(client, secret), {
      timeout: TIMEOUT_SECONDS,
      [client.customFetch]: throughOurs,
      execute: [
        // The token's signature too, not its connection alone (OpenID Connect Core §3.1.3.7 point 6).
        client.enableNonRepudiationChecks,
        // Of this machine alone: openDirectory lets no other through.
        ...(issuer.protocol === 'http:' ? [client.allowInsecureRequests] : []),
      ],
    });
  }
}

type Client = typeof import('openid-client');

/** Loaded on use: most servers have no directory. */
const loadClient = (): Promise<Client> => import('openid-client');

/** OpenID Connect Discovery §3: `client_secret_basic` where the directory does not say otherwise. */
function authenticationOf(client: Client, secret: string | undefined): ClientAuth {
  if (secret === undefined) return client.None();
  const [basic, posted] = [client.ClientSecretBasic(secret), client.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (methods.includes('client_secret_basic') ? basic : posted)(server, ...rest);
  };
}
