import { EventEmitter } from 'node:events';
import type { SessionAnswer } from './local-answers.ts';

interface SessionEvents {
  /** The license no longer allows it; the answer says why. */
  ended: [answer: SessionAnswer];
}

/** How the session speaks to the daemon. */
export interface SessionCalls {
  beat(id: string): Promise<SessionAnswer>;
  end(id: string): Promise<SessionAnswer>;
  /** After the daemon was restarted: a new session in the place of the one it does not know. */
  reopen(): Promise<SessionAnswer>;
}

/**
 * A session that runs: it says every minute that it goes on, through restarts of the daemon, until it is ended or the
 * license no longer allows it. A daemon that is down ends nothing.
 */
export class LicenseSession extends EventEmitter<SessionEvents> {
  readonly #calls: SessionCalls;
  #id: string;
  #timer: NodeJS.Timeout;

  constructor({ id, heartbeatSeconds }: SessionAnswer & { readonly id: string }, calls: SessionCalls) {
    super();
    this.#id = id;
    this.#calls = calls;
    this.#timer = setInterval(() => void this.#beat(), heartbeatSeconds * 1000);
    this.#timer.unref();
  }

  /** Ends the session; what passed since the last heartbeat is counted. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#calls.end(this.#id).catch(() => {});
  }

  async #beat(): Promise<void> {
    try {
      const answer = await this.#calls.beat(this.#id).catch(async (fault: { code?: unknown }) => {
        if (fault.code !== 'unknown_session') throw fault;
        return this.#calls.reopen();
      });
      if (answer.id !== null) this.#id = answer.id;
      else this.#stop(answer);
    } catch {
      // The next heartbeat tries again.
    }
  }

  #stop(answer: SessionAnswer): void {
    clearInterval(this.#timer);
    this.emit('ended', answer);
  }
}
