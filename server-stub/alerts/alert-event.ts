import type { EpochSeconds } from '#core/clock.ts';

/** What somebody may want to be told of. */
export const ALERT_TYPES = [
  'license.activated',
  'license.expiring',
  'license.expired',
  'quota.low',
  'renewal.exhausted',
  'device.unseen',
  'server.certificate_expiring',
] as const;
export type AlertType = (typeof ALERT_TYPES)[number];

/** A license as an event names it; times in epoch seconds, as in the OpenAPI. */
export interface AlertLicense {
  readonly license: string;
  readonly licenseKey: string;
  readonly expireTime: EpochSeconds;
  readonly activationTime?: EpochSeconds;
  readonly lastSeenAt?: EpochSeconds;
}

/** Licenses of one App and PID that had the same happen to them: at most {@link LICENSES_PER_EVENT}. */
export interface LicensesData {
  readonly cid: string;
  readonly appId: string;
  readonly pid: string;
  readonly count: number;
  readonly licenses: readonly AlertLicense[];
}

/** The `data` of each type. */
export interface AlertData {
  'license.activated': LicensesData;
  'license.expiring': LicensesData & { readonly daysLeft: number };
  'license.expired': LicensesData;
  'device.unseen': LicensesData & { readonly unseenDays: number };
  'quota.low': {
    readonly cid: string;
    readonly pid: string;
    /** null: the pool that the Apps share. */
    readonly appId: string | null;
    readonly granted: number;
    readonly used: number;
    readonly left: number;
  };
  'renewal.exhausted': {
    readonly cid: string;
    readonly appId: string;
    readonly pid: string;
    /** Licenses that wait for renewal licenses. */
    readonly waiting: number;
  };
  'server.certificate_expiring': {
    readonly cid: string;
    readonly serial: number;
    readonly expireTime: EpochSeconds;
    readonly daysLeft: number;
  };
}

/** Something that happened, before it is queued. */
export type Happening = {
  [Type in AlertType]: { readonly type: Type; readonly at: EpochSeconds; readonly data: AlertData[Type] };
}[AlertType];

/** An event of the queue. Its id stays the same however often it is sent. */
export type AlertEvent = Happening & { readonly eventId: string };

/** What a program is sent: an event, or a test. */
export interface SentEvent {
  readonly eventId: string;
  readonly type: string;
  readonly at: EpochSeconds;
  readonly data: object;
}

/** Keeps the body of a webhook below 20 KiB: receivers often take no more than 100 KB. */
const LICENSES_PER_EVENT = 100;

type LicensesType = 'license.activated' | 'license.expiring' | 'license.expired' | 'device.unseen';

/** A license and whose it is. */
export type OwnedLicense = AlertLicense & Pick<LicensesData, 'cid' | 'appId' | 'pid'>;

/**
 * Licenses that had the same happen to them, as events: a school that activates 100,000 devices in a minute gives
 * a thousand of them.
 *
 * @param more what all of them have in common
 */
export function licensesHappened<Type extends LicensesType>(
  type: Type,
  at: EpochSeconds,
  licenses: readonly OwnedLicense[],
  more: Omit<AlertData[Type], keyof LicensesData>,
): Happening[] {
  const groups = Map.groupBy(licenses, ({ cid, appId, pid }) => `${cid} ${appId} ${pid}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group as [OwnedLicense];
    const { cid, appId, pid } = first;
    const named = group.map(({ cid: _cid, appId: _appId, pid: _pid, ...license }) => license);
    const parts = Array.from({ length: Math.ceil(named.length / LICENSES_PER_EVENT) }, (_, index) =>
      named.slice(index * LICENSES_PER_EVENT, (index + 1) * LICENSES_PER_EVENT),
    );
    return parts.map(
      (part) =>
        ({
          type,
          at,
          data: { cid, appId, pid, ...more, count: part.length, licenses: part },
        }) as unknown as Happening,
    );
  });
}
