import { createReadStream } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Selectable } from 'kysely';
import type { Clock } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Store, Transaction } from '../../store/database.ts';
import { rowsOf } from '../../store/rows.ts';
import type { UploadTable } from '../../store/schema.ts';
import { enterLicenseKeys } from './enter-license-keys.ts';
import { LicenseKeyLines, type Line, type Place } from './license-key-lines.ts';
import { NAMED_LINES } from './receive-file.ts';

export type Upload = Selectable<UploadTable>;

/**
 * How long a transaction shall take, in milliseconds: other writers wait for it, and with SQLite the event loop too.
 * How many LicenseKeys that is depends on their order: each in a corner of its own costs a page of the disk.
 */
const PIECE_MS = 25;
const FEWEST = 500;
const MOST = 2_000;
/** How long to leave an upload to another process that is at it, in milliseconds. */
const LEFT_MS = 500;

export interface EnterOptions {
  /** Pause between two pieces, in milliseconds: for a process beside a server, whose writes must come in between. */
  readonly pauseMs?: number;
  readonly ended?: AbortSignal;
  onProgress?(upload: Upload): void;
}

/** Some lines of a file: LicenseKeys, and where reading goes on after them. */
interface Piece {
  readonly from: number;
  readonly to: Place;
  readonly licenseKeys: readonly string[];
  /** The number of each one's line. */
  readonly lines: readonly number[];
}

/**
 * Brings the rows of an accepted upload into its list, in short transactions, from where it stands: each moves the
 * position with its rows, so that a crash loses and doubles nothing, and two processes at it get in nobody's way.
 *
 * @param file as it was received
 * @returns the upload at its end: entered, or cleared with its list
 * @throws `upload_pending` where the server ends; it goes on at the next start
 */
export async function enterUpload(
  store: Store,
  clock: Clock,
  uploadId: string,
  file: string,
  { pauseMs = 0, ended, onProgress }: EnterOptions = {},
): Promise<Upload> {
  let size = FEWEST;
  for (;;) {
    let upload = await findUpload(store.reader, uploadId);
    if (upload.state !== 'entering') return upload;
    let overtaken = false;
    for await (const piece of piecesOf(file, upload, () => size)) {
      if (ended?.aborted) throw new LicenseError('upload_pending');
      let began = 0;
      upload = await store.write(clock.now(), (transaction) => {
        began = performance.now();
        return enterPiece(transaction, uploadId, piece);
      });
      size = nextSize(piece.lines.length, performance.now() - began);
      onProgress?.(upload);
      if (upload.state !== 'entering') return upload;
      overtaken = upload.position !== piece.to.position;
      if (overtaken) break;
      if (pauseMs > 0) await setTimeout(pauseMs);
      else await new Promise((turn) => setImmediate(turn));
    }
    if (!overtaken) throw new Error(`the file of upload ${uploadId} ends before its LicenseKeys do`);
    await setTimeout(LEFT_MS);
  }
}

/** From what a piece of some size took, the size of the next; by steps, since a full disk cache may slow down one. */
function nextSize(size: number, tookMs: number): number {
  const factor = Math.min(2, Math.max(0.5, PIECE_MS / tookMs));
  return Math.round(Math.min(MOST, Math.max(FEWEST, size * factor)));
}

/** An upload as it stands. */
export async function findUpload(db: Transaction['db'], uploadId: string): Promise<Upload> {
  return db
    .selectFrom('preauthorization_upload')
    .selectAll()
    .where('upload_id', '=', uploadId)
    .executeTakeFirstOrThrow();
}

async function enterPiece({ db }: Transaction, uploadId: string, piece: Piece): Promise<Upload> {
  const upload = await findUpload(db, uploadId);
  if (upload.state !== 'entering' || upload.position !== piece.from) return upload;
  const removed = await removedMeanwhile(db, uploadId, piece.licenseKeys);
  const wanted = piece.licenseKeys.filter((licenseKey) => !removed.has(licenseKey));
  const fresh = new Set(await enterLicenseKeys(db, upload.list, wanted, upload.created_at));
  // A LicenseKey that was deleted meanwhile counts as one that went in before and was then deleted.
  const duplicates = piece.lines.filter((_, index) => {
    const licenseKey = piece.licenseKeys[index] ?? '';
    return !fresh.delete(licenseKey) && !removed.has(licenseKey);
  });
  const named: number[] = JSON.parse(upload.duplicate_lines);
  const done = upload.done + piece.lines.length;
  const progress = {
    position: piece.to.position,
    line: piece.to.line,
    done,
    added: upload.added + piece.lines.length - duplicates.length,
    duplicates: upload.duplicates + duplicates.length,
    duplicate_lines: JSON.stringify([...named, ...duplicates].slice(0, NAMED_LINES)),
    state: done >= upload.license_keys ? ('entered' as const) : upload.state,
  };
  await db.updateTable('preauthorization_upload').set(progress).where('upload_id', '=', uploadId).execute();
  if (progress.state === 'entered')
    await db.deleteFrom('preauthorization_removal').where('upload_id', '=', uploadId).execute();
  return { ...upload, ...progress };
}

async function removedMeanwhile(
  db: Transaction['db'],
  uploadId: string,
  licenseKeys: readonly string[],
): Promise<ReadonlySet<string>> {
  const keys = licenseKeys.map((license_key) => ({ license_key }));
  const wanted = rowsOf<{ license_key: string }>(db, { license_key: 'text' }, keys).as('r');
  const rows = await db
    .selectFrom('preauthorization_removal')
    .select('license_key')
    .where('upload_id', '=', uploadId)
    .where('license_key', 'in', db.selectFrom(wanted).select('license_key'))
    .execute();
  return new Set(rows.map(({ license_key }) => license_key));
}

/** The file from a place on, in pieces; lines that are no LicenseKeys were told of when it was received. */
async function* piecesOf(file: string, { position, line }: Place, size: () => number): AsyncGenerator<Piece> {
  const reading = new LicenseKeyLines({ position, line });
  let [from, last] = [position, { position, line }];
  let licenseKeys: string[] = [];
  let lines: number[] = [];
  const cut = (): Piece => {
    const piece = { from, to: last, licenseKeys, lines };
    from = last.position;
    [licenseKeys, lines] = [[], []];
    return piece;
  };
  const take = function* (found: Iterable<Line>) {
    for (const { number, end, licenseKey } of found) {
      if (licenseKey === undefined) continue;
      licenseKeys.push(licenseKey);
      lines.push(number);
      last = { position: end, line: number };
      if (lines.length >= size()) yield cut();
    }
  };
  for await (const chunk of createReadStream(file, { start: position })) yield* take(reading.push(chunk));
  yield* take(reading.end());
  if (lines.length > 0) yield cut();
}
