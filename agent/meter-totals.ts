import { asLicenseError } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import type { Meters } from './store/meters.ts';
import type { LicenseId, MeterRow } from './store/schema.ts';

/**
 * Running totals of use, as they are stored. A disk that fails costs no verdict: what it did not take is kept in memory
 * and tried again with the next.
 */
export class MeterTotals {
  readonly #meters: Meters;
  readonly #log: Logger | undefined;
  /** Seconds that the disk did not take, by license. */
  #unsaved = new Map<string, readonly [LicenseId, number]>();

  constructor(meters: Meters, log: Logger | undefined) {
    this.#meters = meters;
    this.#log = log;
  }

  /** Adds seconds of use, durable when it returns unless the disk fails. */
  add(counted: readonly (readonly [LicenseId, number])[]): void {
    for (const [id, seconds] of counted) {
      const [, before] = this.#unsaved.get(nameOf(id)) ?? [id, 0];
      this.#unsaved.set(nameOf(id), [id, before + seconds]);
    }
    try {
      this.#meters.add([...this.#unsaved.values()]);
      this.#unsaved = new Map();
    } catch (thrown) {
      const { code, detail } = asLicenseError(thrown);
      this.#log?.error({ code, detail }, 'minutes were not stored');
    }
  }

  /** The meter of a license; undefined where nothing was counted, or nothing can be read now. */
  of(id: LicenseId): MeterRow | undefined {
    try {
      const meter = this.#meters.of(id);
      return meter && { ...meter, seconds: meter.seconds + this.#unsavedOf(id) };
    } catch {
      return undefined;
    }
  }

  /** Minutes that this device counted in all; a meter that cannot be read counts as what the server knows of it. */
  minutesOf(id: LicenseId): number {
    return minutesOf(this.of(id) ?? { seconds: this.#unsavedOf(id) });
  }

  #unsavedOf(id: LicenseId): number {
    return this.#unsaved.get(nameOf(id))?.[1] ?? 0;
  }
}

/** Whole minutes of a running total: one that is begun counts when it is full. */
export function minutesOf({ seconds }: Pick<MeterRow, 'seconds'>): number {
  return Math.floor(seconds / 60);
}

function nameOf({ appId, pid, licenseKey }: LicenseId): string {
  return `${appId} ${pid} ${licenseKey}`;
}
