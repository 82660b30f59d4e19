import { mkdirSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '#core/host/reason.ts';

/** A received file, by the upload it belongs to and the process that received it. */
interface FoundFile {
  readonly uploadId: string;
  readonly pid: number;
  readonly file: string;
}

/**
 * Where received files lie until their rows are in, each `UPLOAD.PID`. Until its upload is accepted in the store, a
 * file means nothing: whoever received it removes it, or, died it meanwhile, the next server that starts.
 */
export class UploadFolder {
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'uploads');
  }

  /** The place for a file that this process is about to receive. */
  place(uploadId: string): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    return join(this.#folder, `${uploadId}.${process.pid}`);
  }

  /** Where the file of an upload is, where it is here at all. */
  async find(uploadId: string): Promise<string | undefined> {
    return (await this.files()).find((found) => found.uploadId === uploadId)?.file;
  }

  async files(): Promise<FoundFile[]> {
    const names = await readdir(this.#folder).catch((cause: unknown) => {
      if (codeOf(cause) === 'ENOENT') return [];
      throw cause;
    });
    return names.flatMap((name) => {
      const [, uploadId = '', pid] = /^([0-9A-F]{32})\.([0-9]+)$/.exec(name) ?? [];
      return pid === undefined ? [] : { uploadId, pid: Number(pid), file: join(this.#folder, name) };
    });
  }

  /** Gives a file that was received again to the upload that has the same content, where its own is not here. */
  async adopt(received: string, uploadId: string): Promise<void> {
    if ((await this.find(uploadId)) === undefined) await rename(received, this.place(uploadId));
    else await rm(received, { force: true });
  }

  async discard(file: string): Promise<void> {
    await rm(file, { force: true });
  }

  /** Whether the process that received a file is still there to look after it. */
  async isTended({ pid, file }: FoundFile): Promise<boolean> {
    if (pid !== process.pid) return isAlive(pid);
    // Process ids come again, in containers soon: what is older than this process is of an earlier life.
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: 0 }));
    return mtimeMs >= performance.timeOrigin;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return codeOf(cause) === 'EPERM';
  }
}
