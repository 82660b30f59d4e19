import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { licenseRequestDocument } from '#core/documents/license-request.ts';
import { rowsOf } from '../store/rows.ts';
import type { Schema } from '../store/schema.ts';

/** Who a request says it is of, before its shape or anything else was looked at. */
interface Named {
  readonly jkt: string | undefined;
  readonly enrollment: string | undefined;
}

/**
 * Tells, for a fraction of what recognising takes, which requests are certainly a stranger's: they name neither a
 * key that was ever bound nor an enrollment that lives. Who is not among them is not recognised yet. An enrollment's
 * id is as hard to guess as a key's thumbprint is, so a stranger that floods does not pass for a device.
 *
 * @returns for each request, whether it is a stranger's
 */
export async function namedStrangers(
  db: Kysely<Schema>,
  requests: readonly unknown[],
  now: EpochSeconds,
): Promise<boolean[]> {
  const named = requests.map(namesOf);
  const jkts = [...new Set(named.flatMap(({ jkt }) => jkt ?? []))].map((jkt) => ({ jkt }));
  const keys = await db
    .selectFrom(rowsOf<{ jkt: string }>(db, { jkt: 'text' }, jkts).as('r'))
    .select('r.jkt')
    .where(({ exists, selectFrom }) =>
      exists(selectFrom('device_key').select('device_key.jkt').whereRef('device_key.jkt', '=', 'r.jkt')),
    )
    .execute();
  const ids = [...new Set(named.flatMap(({ enrollment }) => enrollment ?? []))].map((id) => ({ id }));
  const enrollments = await db
    .selectFrom(rowsOf<{ id: string }>(db, { id: 'text' }, ids).as('r'))
    .innerJoin('enrollment', 'enrollment.enrollment_id', 'r.id')
    .select('r.id')
    .where('enrollment.revoked_at', 'is', null)
    .where('enrollment.expires_at', '>=', now)
    .execute();
  const familiar = new Set([...keys.map(({ jkt }) => jkt), ...enrollments.map(({ id }) => id)]);
  return named.map(({ jkt = '', enrollment = '' }) => !familiar.has(jkt) && !familiar.has(enrollment));
}

const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
const ENROLLMENT_ID = /^[0-9A-F]{32}$/;

function namesOf(compact: unknown): Named {
  try {
    if (typeof compact !== 'string' || compact.length > licenseRequestDocument.maxBytes) return NOBODY;
    const parts = compact.split('.', 4);
    // Before JSON is tried: that it fails costs more than that it is read.
    if (parts.length !== 3) return NOBODY;
    const [header, claims] = parts.slice(0, 2).map(decode);
    return {
      jkt: textOf(header?.['kid'], THUMBPRINT),
      enrollment: textOf((claims?.['enrollment'] as Members)?.['id'], ENROLLMENT_ID),
    };
  } catch {
    return NOBODY;
  }
}

const NOBODY: Named = { jkt: undefined, enrollment: undefined };

type Members = Readonly<Record<string, unknown>> | null | undefined;

function decode(part: string): Members {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Members;
}

function textOf(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined;
}
