import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const LINES = 500;
const LINE_LENGTH = 4_000;
const MOST_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** The newest lines of the daemon's journal; none where there is no journal, or none that this user may read. */
export async function newestLog(): Promise<string[]> {
  const args = ['-u', 'license-agent', '-n', String(LINES), '-o', 'cat', '--no-pager', '-q'];
  try {
    const { stdout } = await promisify(execFile)('journalctl', args, {
      timeout: TIMEOUT_MS,
      maxBuffer: MOST_BYTES,
    });
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.slice(-LINES).map((line) => line.slice(0, LINE_LENGTH));
  } catch {
    return [];
  }
}
