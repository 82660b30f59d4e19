import type { EpochSeconds } from '#core/clock.ts';
import type { Bilingual } from '#core/errors.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import type { Receipt, Send } from './channel.ts';

const MAX_PROBLEM = 300;

/** What no message may repeat, the longest first: the address of a robot is a secret too, whole and in its parts. */
export function secretsOf(url: URL, secret = ''): readonly string[] {
  const parts = [...url.pathname.split('/'), ...url.searchParams.values()].filter(
    ({ length }) => length >= 8,
  );
  return [
    url.href,
    url.href.slice(url.origin.length),
    url.password,
    decodeURIComponent(url.password),
    ...parts,
    ...secret.split(/\s+/),
  ]
    .filter(({ length }) => length > 3)
    .toSorted((one, other) => other.length - one.length);
}

/** Gives a sender its time, and makes a receipt of whatever it throws; no secret is in what it says. */
export function guardSending<What>(
  send: Send<What>,
  { timeoutMs, secrets }: { readonly timeoutMs: number; readonly secrets: readonly string[] },
): Send<What> {
  const masked = (text: string) =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text).slice(0, MAX_PROBLEM);
  const mask = ({ en, zh }: Bilingual): Bilingual => ({ en: masked(en), zh: masked(zh) });
  const receiptOf = async (what: What, at: EpochSeconds, ended: AbortSignal): Promise<Receipt> => {
    try {
      return await send(what, at, AbortSignal.any([ended, AbortSignal.timeout(timeoutMs)]));
    } catch (thrown) {
      ended.throwIfAborted();
      return { delivered: false, problem: networkProblem(thrown), unavailable: true };
    }
  };
  return async (what, at, ended) => {
    const receipt = await receiptOf(what, at, ended);
    return receipt.delivered
      ? { ...receipt, answer: masked(receipt.answer) }
      : { ...receipt, problem: mask(receipt.problem) };
  };
}

/** The code of a system call or of TLS says it most exactly. */
function networkProblem(thrown: unknown): Bilingual {
  const { en, zh } = reasonOf(thrown);
  const code = codeOf(thrown);
  return code !== undefined && /^[A-Z]/.test(code)
    ? { en: `${en} (${code})`, zh: `${zh}（${code}）` }
    : { en, zh };
}
