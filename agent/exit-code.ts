import type { ExitCode } from '#core/error-table.ts';
import type { AgentStatus } from './client/local-answers.ts';

/** The exit code of a state. Source: design, Commands, "By state". */
export function exitCodeOf({ state, fault }: Pick<AgentStatus, 'state' | 'fault'>): ExitCode {
  if (state === 'active' || state === 'grace') return 0;
  if (state !== 'invalid') return 3;
  return fault === 'store_damaged' ? 6 : 5;
}
