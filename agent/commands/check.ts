import type { ExitCode } from '#core/error-table.ts';
import { LicenseError, messageOf, remedyOf } from '#core/errors.ts';
import type { Media } from '#core/evaluate.ts';
import { answer, type Terminal, usageError } from '#core/host/cli.ts';
import type { CheckAnswer } from '../client/local-answers.ts';
import { LicenseClient } from '../client.ts';
import { exitCodeOf } from '../exit-code.ts';
import type { CommonOptions } from '../options.ts';
import { locateAgentSocket } from '../sockets.ts';
import { stateNames } from '../state-names.ts';

export interface CheckOptions extends CommonOptions {
  readonly media?: string;
}

/**
 * `check`: exit 0 where this device is licensed and the asked medium allowed; 3 not licensed, 5 not authentic,
 * 6 store damaged, 7 daemon down and store unreadable.
 *
 * @throws `usage`; as offlineStatus while the daemon is down
 */
export async function check(options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  const media = mediaOf(options.media);
  const result = await ask(options, media);
  const state = stateNames[result.state][terminal.language];
  if (terminal.json || result.allowed) {
    answer(terminal, result, state);
  } else {
    const refusal = new LicenseError(refusalCode(result), result.detail);
    terminal.out(
      `${state}${terminal.language === 'zh' ? '：' : ': '}${messageOf(refusal, terminal.language)}\n`,
    );
    terminal.err(`${remedyOf(refusal, terminal.language)}\n`);
  }
  return result.allowed ? 0 : exitCodeOf(result) || 3;
}

async function ask(options: CheckOptions, media: Media | undefined): Promise<CheckAnswer> {
  const socket = await locateAgentSocket(options, process.env);
  try {
    return await new LicenseClient({ socket }).check(media);
  } catch (thrown) {
    if (!(thrown instanceof LicenseError) || thrown.code !== 'daemon_down') throw thrown;
    const { offlineStatus } = await import('../offline-status.ts');
    const { checkAnswerOf } = await import('../check-answer.ts');
    return checkAnswerOf(await offlineStatus(options, process.env), media);
  }
}

function mediaOf(media: string | undefined): Media | undefined {
  if (media === undefined || media === 'audio' || media === 'video') return media;
  throw usageError({ en: '--media must be audio or video', zh: '--media 必须为 audio 或 video' });
}

/** A refused check has a reason other than `active` and `grace`; `invalid` says why it is. */
function refusalCode({ because, fault }: CheckAnswer) {
  if (because === 'invalid' || because === 'active' || because === 'grace') return fault ?? 'unlicensed';
  return because;
}
