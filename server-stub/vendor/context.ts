import type { Clock } from '#core/clock.ts';
import type { Terminal } from '#core/host/cli.ts';

/** What the commands have of the world; passed in, so that tests stand in for clock, environment and person. */
export interface VendorContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The person at the terminal; undefined where nobody sits there. */
  readonly person: Person | undefined;
}

/** Someone who can be asked. An answer is undefined where they gave none (end of input, Ctrl-C). */
export interface Person {
  ask(question: string): Promise<string | undefined>;
  /** Asked without echo. */
  askSecret(question: string): Promise<string | undefined>;
}
