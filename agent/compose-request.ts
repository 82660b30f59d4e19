import type { EpochSeconds } from '#core/clock.ts';
import { enrollmentProof } from '#core/documents/enrollment.ts';
import { type LicenseRequest, licenseRequestDocument } from '#core/documents/license-request.ts';
import { VERSION } from '#core/host/version.ts';
import { newId } from '#core/ids.ts';
import type { SigningKey } from '#core/keys.ts';
import type { Enrolled } from './enrolled.ts';
import { minutesOf } from './meter-totals.ts';
import type { Channel, MeterRow, PendingRequest } from './store/schema.ts';
import type { ClockReading } from './trusted-time.ts';
import type { Wish } from './wish.ts';

export interface RequestParts {
  readonly channel: Channel;
  readonly counter: number;
  readonly now: EpochSeconds;
  readonly reading: ClockReading;
  /** The compact token that is held. */
  readonly heldToken: string | undefined;
  readonly meter: MeterRow | undefined;
}

/** A request under a new jti, signed by the device key. Source: protocol, "license request". */
export async function composeRequest(
  { enrollment, subject, fingerprint }: Enrolled,
  key: SigningKey,
  { licenseKey, purpose, automatic, toLicenseKey, renewId, sessions }: Wish,
  { channel, counter, now, reading, heldToken, meter }: RequestParts,
): Promise<PendingRequest> {
  const { appId, pid, jkt, serverId } = subject;
  const jti = newId();
  const { id, secret } = enrollment.enrollment;
  const claims: LicenseRequest = {
    jti,
    aud: serverId,
    iat: now,
    purpose,
    automatic,
    appId,
    pid,
    licenseKey,
    jwk: key.jwk,
    fingerprint,
    counter,
    agentVersion: VERSION,
    bootId: reading.bootId,
    ...(heldToken !== undefined && { heldToken }),
    ...(meter !== undefined && { usage: { [meter.meterId]: minutesOf(meter) } }),
    ...(purpose === 'activate' && {
      enrollment: { id, hmac: enrollmentProof(secret, jkt, jti, licenseKey) },
    }),
    ...(toLicenseKey !== undefined && { toLicenseKey }),
    ...(renewId !== undefined && { renewId }),
    ...(sessions !== undefined && { sessions }),
  };
  const compact = await licenseRequestDocument.sign(claims, key);
  const { bootId, uptime } = reading;
  return { jti, appId, pid, licenseKey, purpose, channel, compact, bootId, uptime, madeAt: now };
}
