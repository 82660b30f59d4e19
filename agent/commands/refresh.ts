import type { ExitCode } from '#core/error-table.ts';
import type { Terminal } from '#core/host/cli.ts';
import type { CommonOptions } from '../options.ts';
import { askAdmin } from './ask-admin.ts';

/** `refresh`: fetches a newer token for the license that is held. */
export function refresh(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  return askAdmin('/v1/refresh', options, terminal);
}
