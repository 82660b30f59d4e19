import { errorTable } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { isLicenseKey } from '#core/ids.ts';
import type { Transaction } from '../store/database.ts';
import { type Activation, type ActivationOutcome, activate } from './activate.ts';
import { appsByIds } from './apps-by-ids.ts';
import type { Outcome, Requester } from './outcome.ts';

/** Many LicenseKeys of one App, in one call. */
export interface BatchActivation extends Requester {
  readonly cid: string;
  readonly appId: string;
  /** As they were sent: each is judged by itself. */
  readonly items: readonly BatchItem[];
}

export interface BatchItem {
  readonly pid: unknown;
  readonly licenseKey: unknown;
}

/** Longer than any PID: what is no PID is not said back at length. */
const MAX_PID = 64;

/** Of each key, in the order of the call. Refused as a whole: `unknown_app`; why the server may not issue. */
export type BatchOutcome = Outcome<{ readonly outcomes: readonly ActivationOutcome[] }>;

/**
 * Activates the LicenseKeys of several calls as one set: each as {@link activate} does, in order. What is wrong with one
 * key is its own refusal and none of its neighbours'.
 */
export async function activateBatch(
  transaction: Transaction,
  calls: readonly BatchActivation[],
): Promise<readonly BatchOutcome[]> {
  const apps = await appsByIds(
    transaction.db,
    calls.map(({ appId }) => appId),
  );
  const judged = calls.map((call) =>
    apps.get(call.appId)?.cid === call.cid ? call.items.map((item) => judge(call, item)) : undefined,
  );
  const activations = judged.flatMap((items) => items?.filter(isActivation) ?? []);
  const activated = (await activate(transaction, activations)).values();
  return calls.map(({ appId }, index): BatchOutcome => {
    const items = judged[index];
    if (items === undefined) return { ok: false, error: new LicenseError('unknown_app', { appId }) };
    const outcomes = items.map((item): ActivationOutcome => {
      if (item instanceof LicenseError) return { ok: false, error: item };
      const outcome = activated.next().value;
      if (outcome === undefined) throw new Error('activate gave fewer outcomes than it had requests');
      return outcome;
    });
    // A server that may not issue says so for all of them; the call is to be made again, whole.
    const unable = outcomes.find((outcome) => !outcome.ok && errorTable[outcome.error.code].http >= 500);
    return unable?.ok === false ? unable : { ok: true, outcomes };
  });
}

const isActivation = (item: Activation | LicenseError): item is Activation => !(item instanceof LicenseError);

function judge(
  { cid, appId, actor, from }: BatchActivation,
  { pid, licenseKey }: BatchItem,
): Activation | LicenseError {
  if (!isLicenseKey(licenseKey)) return new LicenseError('license_key_invalid');
  if (pid === undefined) return new LicenseError('parameter_missing', { name: 'pid' });
  if (typeof pid !== 'string' || pid.length === 0 || pid.length > MAX_PID) {
    const problem = {
      en: `must be text of 1 to ${MAX_PID} characters`,
      zh: `必须为 1 到 ${MAX_PID} 个字符的文本`,
    };
    return new LicenseError('parameter_invalid', { name: 'pid', problem });
  }
  return { cid, appId, pid, licenseKey, actor, from };
}
