import { addValidity } from '#core/calendar.ts';
import type { EpochSeconds } from '#core/clock.ts';
import type { Application } from '#core/documents/application.ts';
import type { IssuerCertificate } from '#core/documents/issuer-certificate.ts';
import { LicenseError } from '#core/errors.ts';
import type { CertificateEntry, LedgerEntry } from './ledger-entry.ts';

export interface CertificateOptions {
  readonly years: number;
  /** Wanted serial, higher than all before; else the next. */
  readonly serial?: number;
  /** The server is known under another key, and the vendor made sure that the change is the customer's own. */
  readonly newKey?: boolean;
}

/** The customer's server may run a little behind the vendor's offline machine, and shall issue at once. */
const CLOCK_SLACK_SECONDS = 86_400;

/**
 * What a certificate for the server that applied will say. Its serial rises per server and company. Source:
 * protocol, Trust.
 *
 * @param application already verified
 * @throws `parameter_invalid` for a serial that does not rise, or a known server id under another key: whoever
 * applies chooses the id, and must not step into the place of another
 */
export function draftCertificate(
  { iss, cid, cnf }: Application,
  { years, serial, newKey = false }: CertificateOptions,
  entries: readonly LedgerEntry[],
  now: EpochSeconds,
): IssuerCertificate {
  const earlier = entries
    .filter((entry) => entry.kind === 'certificate')
    .filter((each) => each.serverId === iss);
  const known = earlier.at(-1)?.jwk;
  if (known !== undefined && known.x !== cnf.jwk.x && !newKey) {
    const problem = {
      en: `server ${iss} was certified with another key; ask the customer, then give --new-key`,
      zh: `服务器 ${iss} 此前以另一密钥认证；请向客户确认后使用 --new-key`,
    };
    throw new LicenseError('parameter_invalid', { name: 'APPLICATION', problem });
  }

  const ofCompany = earlier.filter((each) => each.cid === cid);
  const highest = Math.max(0, ...ofCompany.map((each) => each.serial));
  if (serial !== undefined && serial <= highest) {
    const problem = { en: `must be above ${highest}`, zh: `必须大于 ${highest}` };
    throw new LicenseError('parameter_invalid', { name: '--serial', problem });
  }
  return {
    sub: iss,
    cid,
    cnf: { jwk: { kty: cnf.jwk.kty, crv: cnf.jwk.crv, x: cnf.jwk.x } },
    serial: serial ?? highest + 1,
    iat: now,
    nbf: beginningOf(ofCompany, now),
    exp: addValidity(now, { unit: 'year', count: years }),
  };
}

/**
 * When a certificate begins: with the first that the server had for the company, since what was answered then is answered
 * again under this one.
 */
export function beginningOf(earlier: readonly CertificateEntry[], now: EpochSeconds): EpochSeconds {
  return Math.min(now, ...earlier.map(({ at }) => at)) - CLOCK_SLACK_SECONDS;
}
