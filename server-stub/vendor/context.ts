import type { Clock } from '#core/clock.ts';
import type { Terminal } from '#core/host/cli.ts';
import type { Person } from '#core/host/person-at-terminal.ts';

/** What the commands have of the world; passed in, so that tests stand in for clock, environment and person. */
export interface VendorContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** The person at the terminal; undefined where nobody sits there. */
  readonly person: Person | undefined;
}
