import type { EpochSeconds } from '#core/clock.ts';
import { expireTimeOf } from '#core/documents/license-token.ts';
import type { Transaction } from '../store/database.ts';
import { purchaseOf, renewalsOf, termsByIds } from './terms.ts';

export interface ClockAcceptance {
  readonly cid: string;
  /** Time of the trail's head until now. */
  readonly previousAt: EpochSeconds;
  /** Licenses whose activation or renewal lay in the future and was brought back to now. */
  readonly corrected: number;
}

/**
 * Takes the server's clock for right although a company's trail lies later, and brings back to now what was
 * activated, renewed or granted in that future: a token may not say that, and nothing is used before it was granted.
 * Source: design, Server "Its own clock".
 */
export async function acceptClock(
  { db, audit }: Transaction,
  cid: string,
  now: EpochSeconds,
  actor: string,
): Promise<ClockAcceptance | undefined> {
  const head = await db.selectFrom('audit_head').select('at').where('cid', '=', cid).executeTakeFirst();
  if (head === undefined || head.at <= now) return undefined;
  const { numUpdatedRows } = await db
    .updateTable('vendor_grant')
    .set({ imported_at: now })
    .where('cid', '=', cid)
    .where('imported_at', '>', now)
    .executeTakeFirst();
  const detail = { grants: Number(numUpdatedRows) };
  await audit.acceptClock(cid, { actor, action: 'clock.accept', subject: cid, detail });

  const future = (await db.selectFrom('license').selectAll().where('cid', '=', cid).execute()).filter(
    (license) => license.activation_time > now || renewalsOf(license).some(({ at }) => at > now),
  );
  const terms = await termsByIds(
    db,
    future.flatMap((license) => [license.terms_id, ...renewalsOf(license).map(({ termsId }) => termsId)]),
  );
  for (const license of future) {
    const activation_time = Math.min(license.activation_time, now);
    const renewals = renewalsOf(license).map(({ termsId, at }) => ({ termsId, at: Math.min(at, now) }));
    const validities = renewals.map(({ termsId, at }) => {
      const line = terms.get(termsId);
      if (line === undefined) throw new Error(`renewal line ${termsId} is missing`);
      return { at, validity: line.validity };
    });
    const expire_time = expireTimeOf(
      activation_time,
      purchaseOf(terms, license.terms_id).validity,
      validities,
    );
    await db
      .updateTable('license')
      .set({ activation_time, expire_time, renewals: JSON.stringify(renewals) })
      .where('license', '=', license.license)
      .execute();
    await audit.append(cid, {
      actor,
      action: 'license.correct',
      subject: license.license,
      detail: { activation_time, expire_time },
    });
  }
  return { cid, previousAt: head.at, corrected: future.length };
}
