import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Store } from '../store/database.ts';
import { totpStep } from './second-factor.ts';
import { confirmPassword } from './sign-in.ts';
import { requireUser, tell, type User } from './users.ts';

export interface SecondFactorWish {
  readonly name: string;
  /** Asked for again: a browser that was left open must not change how one signs in. */
  readonly password: string;
  /** The new secret and a code of it, which shows that the app has it; undefined: no second factor any more. */
  readonly next?: { readonly secret: string; readonly code: string } | undefined;
  readonly from: string;
}

/**
 * Gives a user a second factor, another one, or none.
 *
 * @throws `sign_in_failed` where the password or the code is wrong, `sign_in_locked`
 */
export async function changeSecondFactor(
  store: Store,
  { name, password, next, from }: SecondFactorWish,
  now: EpochSeconds,
): Promise<User> {
  const row = await confirmPassword(store, { name, password, from }, now);
  const step = next === undefined ? 0 : totpStep(next.secret, next.code, 0, now);
  if (step === undefined) throw new LicenseError('sign_in_failed');
  return store.write(now, async (transaction) => {
    await transaction.db
      .updateTable('console_user')
      .set({ totp_secret: next?.secret ?? null, totp_step: step })
      .where('user_id', '=', row.user_id)
      .execute();
    const action = next === undefined ? 'user.second-factor.end' : 'user.second-factor.begin';
    await tell(transaction, row, { actor: `user:${row.name}`, action, subject: row.name, from });
    return requireUser(transaction.db, row.name);
  });
}
