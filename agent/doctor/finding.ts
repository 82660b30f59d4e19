import { asLicenseError, type Bilingual, messageOf, remedyOf } from '#core/errors.ts';

/** What is looked at, in the order in which it is told: from the configuration on the way outward to the server. */
export const FINDING_IDS = [
  'configuration',
  'clock',
  'daemon',
  'store',
  'enrollment',
  'token',
  'refresh',
  'certificate',
  'dns',
  'route',
  'tls',
  'server',
  'identity',
  'permissions',
  'disk',
] as const;
export type FindingId = (typeof FINDING_IDS)[number];

/** `skipped`: this user may not look, or there is nothing to look at. */
export type FindingOutcome = 'ok' | 'warning' | 'fault' | 'skipped';

/** Values for programs; a member is added and never changed. */
export type FindingDetail = Readonly<
  Record<string, string | number | boolean | null | Bilingual | readonly string[] | object>
>;

/** What was looked at, how it is, and what to do where it is not well. */
export interface Finding {
  /** Stable: programs tell findings by it. */
  readonly id: FindingId;
  readonly outcome: FindingOutcome;
  readonly what: Bilingual;
  readonly remedy?: Bilingual;
  readonly detail: FindingDetail;
}

export interface FindingOptions {
  readonly remedy?: Bilingual | undefined;
  readonly detail?: FindingDetail;
}

export function finding(
  id: FindingId,
  outcome: FindingOutcome,
  what: Bilingual,
  { remedy, detail = {} }: FindingOptions = {},
): Finding {
  return { id, outcome, what, ...(remedy && { remedy }), detail };
}

/** The finding of an error of ours: its message, its remedy and its code. */
export function faultOf(id: FindingId, thrown: unknown, outcome: FindingOutcome = 'fault'): Finding {
  const error = asLicenseError(thrown);
  return finding(
    id,
    outcome,
    { en: messageOf(error, 'en'), zh: messageOf(error, 'zh') },
    {
      remedy: { en: remedyOf(error, 'en'), zh: remedyOf(error, 'zh') },
      // What nobody foresaw is told in its own words.
      detail: { error: error.code, ...(error.code === 'internal' && { cause: String(error.cause) }) },
    },
  );
}

/** What stands before a colon, in each language with its own. */
export function about(name: string, { en, zh }: Bilingual): Bilingual {
  return { en: `${name}: ${en}`, zh: `${name}：${zh}` };
}

export const AS_ROOT: Bilingual = {
  en: "Run it as root or as the daemon's user to see this, too.",
  zh: '请以 root 或守护进程的用户执行，以查看此项。',
};
export const TOLD_ELSEWHERE: Bilingual = {
  en: 'it cannot be looked at; another finding says why',
  zh: '无法查看；原因见其他检查项',
};
export const MAY_NOT_LOOK: Bilingual = { en: 'this user may not look at it', zh: '当前用户无权查看' };
export const NOT_ENROLLED: Bilingual = { en: 'this device is not enrolled', zh: '本设备尚未登记' };
