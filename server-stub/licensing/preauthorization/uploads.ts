import type { Clock } from '#core/clock.ts';
import { isStoreFault, LicenseError, messageOf } from '#core/errors.ts';
import type { Logger } from '#core/host/log.ts';
import { newId } from '#core/ids.ts';
import type { Store } from '../../store/database.ts';
import { type EnterOptions, enterUpload, findUpload, type Upload } from './enter-upload.ts';
import { type ReceivedFile, receiveFile, requireGood } from './receive-file.ts';
import { UploadFolder } from './upload-folder.ts';

/** Files of one company that may arrive at the same time. */
const AT_ONCE = 4;
const RETRY_AFTER_SECONDS = 10;
/** Every so many rows the log says how far an upload is. */
const LOGGED_ROWS = 100_000;

/** A file that arrived, under the id of the upload it may become. */
export interface Arrival {
  readonly uploadId: string;
  readonly file: string;
  readonly received: ReceivedFile;
}

export interface UploadsOptions {
  readonly stateDir: string;
  /** Largest file, in bytes. */
  readonly maxBytes: number;
  readonly enter?: Pick<EnterOptions, 'pauseMs' | 'onProgress'>;
}

/**
 * Uploads of LicenseKeys on this machine: files arrive, their rows go in, one upload of an App after the other, and
 * what a crash interrupted goes on. Source: design, Server "Long work in pieces".
 */
export class Uploads {
  readonly folder: UploadFolder;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #options: UploadsOptions;
  readonly #ended = new AbortController();
  /** Files that are arriving, by company. */
  readonly #arriving = new Map<string, number>();
  readonly #entering = new Map<string, Promise<Upload>>();
  /** The last upload of each App. */
  readonly #lasts = new Map<string, Promise<unknown>>();

  constructor(store: Store, clock: Clock, log: Logger, options: UploadsOptions) {
    this.folder = new UploadFolder(options.stateDir);
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#options = options;
  }

  /**
   * Receives a file into the folder.
   *
   * @throws as receiveFile; `rate_limited` where too many of the company's arrive at once
   */
  async receive(cid: string, source: AsyncIterable<Buffer>): Promise<Arrival> {
    const arriving = this.#arriving.get(cid) ?? 0;
    if (arriving >= AT_ONCE)
      throw new LicenseError('rate_limited', { retryAfterSeconds: RETRY_AFTER_SECONDS });
    this.#arriving.set(cid, arriving + 1);
    try {
      const uploadId = newId();
      const file = this.folder.place(uploadId);
      const { maxBytes } = this.#options;
      return {
        uploadId,
        file,
        received: await receiveFile(source, file, { maxBytes, ended: this.#ended.signal }),
      };
    } finally {
      const left = (this.#arriving.get(cid) ?? 1) - 1;
      if (left === 0) this.#arriving.delete(cid);
      else this.#arriving.set(cid, left);
    }
  }

  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  /**
   * Lets a file that was looked through become an upload; whatever speaks against it, nothing of the file is left.
   *
   * @param accept makes it one, in a transaction
   * @throws `upload_invalid` where lines are wrong and not `partial`; as `accept`
   */
  async settle<T>(arrival: Arrival, partial: boolean, accept: () => Promise<T>): Promise<T> {
    try {
      requireGood(arrival.received, partial);
      return await accept();
    } catch (cause) {
      await this.forsake(arrival);
      throw cause;
    }
  }

  /** Removes a file that became no upload. Where the store does not say so, as after a fault, it is kept for later. */
  async forsake({ uploadId, file }: Arrival): Promise<void> {
    const accepted = await this.#store.reader
      .selectFrom('preauthorization_upload')
      .select('upload_id')
      .where('upload_id', '=', uploadId)
      .executeTakeFirst()
      .catch(() => ({}));
    if (accepted === undefined) await this.folder.discard(file);
  }

  /**
   * Resolves when the rows of an accepted upload are in.
   *
   * @throws `upload_pending` where its file is not here or the server ends; `upload_interrupted` where the store fails
   */
  enter(uploadId: string): Promise<Upload> {
    const known = this.#entering.get(uploadId);
    if (known !== undefined) return known;
    const entering = this.#enter(uploadId).finally(() => this.#entering.delete(uploadId));
    this.#entering.set(uploadId, entering);
    return entering;
  }

  /** Removes files that nobody will ask for, and goes on with what was interrupted. */
  async resume(): Promise<void> {
    const waiting: { uploadId: string; created_at: number }[] = [];
    for (const found of await this.folder.files()) {
      const { uploadId, file, pid } = found;
      // Asked first: once its process is gone, nobody accepts a file any more.
      const tended = await this.folder.isTended(found);
      const upload = await this.#store.reader
        .selectFrom('preauthorization_upload')
        .select(['state', 'created_at'])
        .where('upload_id', '=', uploadId)
        .executeTakeFirst();
      if (upload?.state === 'entering') {
        if (!tended || pid === process.pid) waiting.push({ uploadId, created_at: upload.created_at });
      } else if (!tended) await this.folder.discard(file);
    }
    for (const { uploadId } of waiting.sort((a, b) => a.created_at - b.created_at)) {
      if (this.#ended.signal.aborted) return;
      if (!this.#entering.has(uploadId)) this.#log.info({ upload: uploadId }, 'an upload goes on');
      await this.enter(uploadId).catch((err: unknown) =>
        this.#log.warn({ upload: uploadId, err }, 'an upload stopped; it is tried again later'),
      );
    }
  }

  /** Ends what is under way at its next pause; accepted uploads go on at the next start. */
  async end(): Promise<void> {
    this.#ended.abort();
    await Promise.allSettled(this.#entering.values());
  }

  async #enter(uploadId: string): Promise<Upload> {
    const { app_id: appId } = await findUpload(this.#store.reader, uploadId);
    // One after the other, so that the list keeps the order of the files.
    const before = this.#lasts.get(appId);
    const work = (async () => {
      await before?.catch(() => {});
      return this.#bringIn(uploadId);
    })();
    this.#lasts.set(appId, work);
    try {
      return await work;
    } finally {
      if (this.#lasts.get(appId) === work) this.#lasts.delete(appId);
    }
  }

  async #bringIn(uploadId: string): Promise<Upload> {
    const standing = await findUpload(this.#store.reader, uploadId);
    const file = await this.folder.find(uploadId);
    if (file === undefined) {
      if (standing.state === 'entering') throw new LicenseError('upload_pending');
      return standing;
    }
    let told = Math.floor(standing.done / LOGGED_ROWS);
    const entering = enterUpload(this.#store, this.#clock, uploadId, file, {
      ...this.#options.enter,
      ended: this.#ended.signal,
      onProgress: (progress) => {
        this.#options.enter?.onProgress?.(progress);
        const steps = Math.floor(progress.done / LOGGED_ROWS);
        if (steps === told) return;
        told = steps;
        const { app_id, done, license_keys, added, duplicates } = progress;
        this.#log.info(
          { upload: uploadId, appId: app_id, done, of: license_keys, added, duplicates },
          'an upload goes in',
        );
      },
    });
    const upload = await entering.catch((cause: unknown) => {
      throw interruption(uploadId, cause);
    });
    await this.folder.discard(file);
    return upload;
  }
}

/** A store that fails in the middle leaves what went in, and the rest follows: that nothing changed would be a lie. */
function interruption(uploadId: string, cause: unknown): unknown {
  if (!isStoreFault(cause)) return cause;
  const problem =
    cause.code === 'store_full'
      ? { en: 'the disk is full', zh: '磁盘已满' }
      : { en: messageOf(cause, 'en'), zh: messageOf(cause, 'zh') };
  return new LicenseError('upload_interrupted', { upload: uploadId, problem }, { cause });
}
