import type { Media } from '#core/evaluate.ts';
import { askDaemon } from './client/ask-daemon.ts';
import type { AgentStatus, CheckAnswer } from './client/local-answers.ts';

export interface LicenseClientOptions {
  /** The daemon's agent.sock. */
  readonly socket?: string;
  readonly timeoutMs?: number;
}

/** Asks the daemon, for applications: `new LicenseClient().check('video')`. */
export class LicenseClient {
  readonly #socket: string;
  readonly #timeoutMs: number;

  constructor({ socket = '/run/license-agent/agent.sock', timeoutMs = 5_000 }: LicenseClientOptions = {}) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws `daemon_down` */
  async check(media?: Media): Promise<CheckAnswer> {
    const query = media === undefined ? '' : `?media=${encodeURIComponent(media)}`;
    return (await this.#get(`/v1/check${query}`)) as CheckAnswer;
  }

  /** @throws `daemon_down` */
  async status(): Promise<AgentStatus> {
    return (await this.#get('/v1/status')) as AgentStatus;
  }

  #get(path: string): Promise<unknown> {
    return askDaemon(this.#socket, { method: 'GET', path, timeoutMs: this.#timeoutMs });
  }
}
