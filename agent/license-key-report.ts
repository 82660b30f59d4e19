import type { DerivedLicenseKey } from '#core/device/license-key.ts';
import { type ErrorCode, LicenseError } from '#core/errors.ts';
import type { AgentConfig } from './config.ts';
import { deriveFrom, readDevice } from './device.ts';
import type { Identity } from './identity.ts';

/** The LicenseKey of a device: the one it has, and the one that its configuration and its machine give now. */
export interface LicenseKeyReport {
  /** Undefined where none is kept, or this user may not read it. */
  readonly kept: DerivedLicenseKey | undefined;
  /** Why there is none, where there is none. */
  readonly derived: DerivedLicenseKey | ErrorCode;
}

/** The one that counts: once derived it is kept. Source: protocol, Identity. */
export function keyInUse({ kept, derived }: LicenseKeyReport): DerivedLicenseKey | undefined {
  return kept ?? (typeof derived === 'string' ? undefined : derived);
}

/** Whether the machine or its configuration is no longer the one that the kept LicenseKey was derived from. */
export function isOtherNow({ kept, derived }: LicenseKeyReport): boolean {
  return kept !== undefined && typeof derived !== 'string' && kept.licenseKey !== derived.licenseKey;
}

export async function licenseKeyReport(config: AgentConfig, identity: Identity): Promise<LicenseKeyReport> {
  const kept = await readDevice(config).catch(() => undefined);
  return { kept: kept?.licenseKey, derived: derivedOr(config, identity) };
}

function derivedOr(config: AgentConfig, identity: Identity): DerivedLicenseKey | ErrorCode {
  try {
    return deriveFrom(config, identity);
  } catch (thrown) {
    if (thrown instanceof LicenseError) return thrown.code;
    throw thrown;
  }
}
