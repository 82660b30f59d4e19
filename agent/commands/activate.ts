import type { ExitCode } from '#core/error-table.ts';
import type { Terminal } from '#core/host/cli.ts';
import type { CommonOptions } from '../options.ts';
import { askAdmin } from './ask-admin.ts';

/** `activate`: asks the server for a license, also where an earlier one was ended. */
export function activate(options: CommonOptions, terminal: Terminal): Promise<ExitCode> {
  return askAdmin('/v1/activate', options, terminal);
}
