import type { ExitCode } from '#core/error-table.ts';
import type { Bilingual } from '#core/errors.ts';
import { type Terminal, usageError } from '#core/host/cli.ts';
import { personAtTerminal, saysYes } from '#core/host/person-at-terminal.ts';
import { askDaemon } from '../client/ask-daemon.ts';
import type { AgentStatus } from '../client/local-answers.ts';
import { loadAgentConfig } from '../config.ts';
import { exitCodeOf } from '../exit-code.ts';
import type { CommonOptions } from '../options.ts';
import type { Asked } from '../refresher.ts';
import { showStatus } from '../show-status.ts';
import { socketsIn } from '../sockets.ts';

export interface AskOptions extends CommonOptions {
  /** Gives the license up without asking first. */
  readonly yes?: boolean;
}

/** The daemon may try several server URLs, each with its own timeout, behind a contact under way. */
const TIMEOUT_MS = 600_000;

/**
 * `activate`, `refresh`, `renew`, `transfer` and `release`: has the daemon ask the server, and shows the status after it.
 * What gives the license up is asked for twice.
 *
 * @throws `daemon_down`; the code that the daemon answered with
 */
export async function ask(
  { purpose, toLicenseKey, renewId }: Asked,
  options: AskOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { admin } = socketsIn(loadAgentConfig(options, process.env).runtimeDir);
  const isDeparture = purpose === 'release' || purpose === 'transfer';
  if (isDeparture && !options.yes) await confirm(WORDS[terminal.language][purpose](toLicenseKey ?? ''));
  const status = (await askDaemon(admin, {
    method: 'POST',
    path: `/v1/${purpose}`,
    body: JSON.stringify({ toLicenseKey, renewId }),
    timeoutMs: TIMEOUT_MS,
  })) as AgentStatus;
  const { state, lastRefresh } = status;
  const words = WORDS[terminal.language];
  const isTold = !isDeparture || lastRefresh?.outcome === state;
  showStatus(status, terminal);
  if (!isTold) terminal.err(`${words.untold}\n`);
  return isDeparture ? 0 : exitCodeOf(status);
}

/** @throws `usage` where nobody can be asked, or the answer is no */
async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw usageError(NEEDS_YES);
  const person = personAtTerminal(process.stdin, process.stderr);
  if (!saysYes(await person.ask(`${question} [y/N] `))) throw usageError(CANCELLED);
}

const CANCELLED: Bilingual = { en: 'nothing was changed', zh: '未做任何更改' };
const NEEDS_YES: Bilingual = {
  en: 'the license is given up: say so with --yes',
  zh: '此操作会放弃许可证，请使用 --yes 确认',
};

const WORDS = {
  en: {
    release: () => 'This device gives its license up and stops working until it is activated again. Go on?',
    transfer: (to: string) => `The license moves to ${to}, and this device stops working. Go on?`,
    untold: 'The server could not be told yet; the daemon tells it as soon as it answers.',
  },
  zh: {
    release: () => '本设备将放弃许可证并停止工作，直到再次激活。是否继续？',
    transfer: (to: string) => `许可证将转移到 ${to}，本设备停止工作。是否继续？`,
    untold: '暂时无法通知服务器；服务器恢复后守护进程会自动通知。',
  },
};
