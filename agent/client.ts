import { EventEmitter } from 'node:events';
import { LicenseError } from '#core/errors.ts';
import type { Media } from '#core/evaluate.ts';
import { askDaemon, type DaemonRequest } from './client/ask-daemon.ts';
import { openEventStream } from './client/event-stream.ts';
import type { LicenseSession } from './client/license-session.ts';
import type { AgentStatus, CheckAnswer, ProofAnswer, SessionAnswer } from './client/local-answers.ts';
import type { VerifiedLicense, VerifyLicenseOptions } from './client/verify-license.ts';

export type { LicenseSession } from './client/license-session.ts';
export type { AgentStatus, CheckAnswer, SessionAnswer } from './client/local-answers.ts';
export type { VerifiedLicense } from './client/verify-license.ts';

export interface LicenseClientOptions {
  /** The daemon's agent.sock. */
  readonly socket?: string;
  readonly timeoutMs?: number;
}

interface LicenseEvents {
  /** The license of this device, at first and whenever something about it changes. */
  change: [status: AgentStatus];
  /** A license that this agent holds for another device. */
  license: [status: AgentStatus];
  /** The daemon is down; the client goes on trying. */
  down: [cause: LicenseError];
}

/** Pauses between tries to reach a daemon that is down, in milliseconds. */
const RECONNECT_MS = [100, 500, 1_000, 2_000, 5_000];

/**
 * Asks the daemon, for applications: `await new LicenseClient().check('video')`. Commands ask by it too, so what few
 * need is loaded when it is used.
 */
export class LicenseClient extends EventEmitter<LicenseEvents> {
  readonly #socket: string;
  readonly #timeoutMs: number;
  #stopListening: (() => void) | undefined;

  constructor({ socket = '/run/license-agent/agent.sock', timeoutMs = 5_000 }: LicenseClientOptions = {}) {
    super();
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * May this device, or one that the agent holds a license for, do this now?
   *
   * @throws `daemon_down`, `socket_forbidden`, `not_held`
   */
  async check(media?: Media, licenseKey?: string): Promise<CheckAnswer> {
    const query = new URLSearchParams({ ...(media && { media }), ...(licenseKey && { licenseKey }) });
    return (await this.#call('GET', `/v1/check?${query}`)) as CheckAnswer;
  }

  /** @throws `daemon_down`, `socket_forbidden` */
  async status(): Promise<AgentStatus> {
    return (await this.#call('GET', '/v1/status')) as AgentStatus;
  }

  /**
   * Begins a session, whose time counts; it says by itself that it goes on.
   *
   * @throws where the license does not allow it, why: `minutes_exceeded`, `outside_period`, `expired` …; `daemon_down`
   */
  async openSession(media: Media, licenseKey?: string): Promise<LicenseSession> {
    const open = () => this.#call('POST', '/v1/sessions', { media, licenseKey }) as Promise<SessionAnswer>;
    const answer = await open();
    const { id } = answer;
    if (id === null) throw refusalOf(answer);
    const { LicenseSession } = await import('./client/license-session.ts');
    return new LicenseSession(
      { ...answer, id },
      {
        beat: (session) => this.#call('POST', `/v1/sessions/${session}`) as Promise<SessionAnswer>,
        end: (session) => this.#call('DELETE', `/v1/sessions/${session}`) as Promise<SessionAnswer>,
        reopen: open,
      },
    );
  }

  /**
   * The license as the vendor's root vouches for it, without believing the agent or whoever answers in its place.
   *
   * @throws as verifyLicense; the state where there is no license; `daemon_down`
   */
  async verify(
    options: Omit<VerifyLicenseOptions, 'now'> & { readonly now?: number },
  ): Promise<VerifiedLicense> {
    const { randomBytes } = await import('node:crypto');
    const { verifyLicense } = await import('./client/verify-license.ts');
    const nonce = randomBytes(24).toString('base64url');
    const answer = (await this.#call('POST', '/v1/proof', { nonce })) as ProofAnswer;
    return verifyLicense(answer, nonce, { now: Math.floor(Date.now() / 1000), ...options });
  }

  /** Listens for changes from now on, through restarts of the daemon: emits `change`, `license` and `down`. */
  listen(): void {
    this.close();
    let tries = 0;
    let timer: NodeJS.Timeout | undefined;
    let close = () => {};
    const open = () => {
      close = openEventStream(this.#socket, {
        onEvent: (event, data) => {
          tries = 0;
          this.emit(event === 'license' ? 'license' : 'change', data as AgentStatus);
        },
        onEnd: (cause) => {
          if (tries === 0) this.emit('down', cause);
          timer = setTimeout(open, RECONNECT_MS[Math.min(tries, RECONNECT_MS.length - 1)]);
          tries += 1;
        },
      });
    };
    open();
    this.#stopListening = () => {
      clearTimeout(timer);
      close();
    };
  }

  /** Listens no more. */
  close(): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #call(method: DaemonRequest['method'], path: string, body?: object): Promise<unknown> {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    return askDaemon(this.#socket, { method, path, timeoutMs: this.#timeoutMs, ...text });
  }
}

function refusalOf({ because, fault, detail }: SessionAnswer): LicenseError {
  const isState = because === 'active' || because === 'grace' || because === 'invalid';
  return new LicenseError(isState ? (fault ?? 'unlicensed') : because, detail);
}
