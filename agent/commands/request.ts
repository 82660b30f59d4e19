import { parseRequestFile } from '#core/documents/request-file.ts';
import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { requireNewFile, writeNewFile } from '#core/host/write-new-file.ts';
import { askDaemon } from '../client/ask-daemon.ts';
import { loadAgentConfig } from '../config.ts';
import type { CommonOptions } from '../options.ts';
import type { Asked } from '../refresher.ts';
import { socketsIn } from '../sockets.ts';

export interface RequestOptions extends CommonOptions {
  readonly purpose?: Asked['purpose'];
  readonly to?: string;
  readonly renewId?: string;
  /** Licenses that are held for other devices; the device's own without. */
  readonly licenseKey?: string[];
  readonly out: string;
  readonly qr?: boolean;
}

const TIMEOUT_MS = 60_000;
/** Bytes that a QR code holds (ISO/IEC 18004, version 40, level L). */
const MAX_QR_BYTES = 2953;
/** Whoever carries the file may read it: a request holds no secret. */
const MODE = 0o644;

/**
 * `request`: writes a request file to be carried to the server, and a QR code to be photographed. Its answer counts for
 * 90 days.
 *
 * @throws `daemon_down`, `not_enrolled`, `file_exists`, `request_too_large_for_qr`
 */
export async function request(options: RequestOptions, terminal: Terminal): Promise<ExitCode> {
  const { purpose, to: toLicenseKey, renewId, licenseKey: licenseKeys, out, qr: short } = options;
  requireNewFile(out);
  const { admin } = socketsIn(loadAgentConfig(options, process.env).runtimeDir);
  const file = await askDaemon(admin, {
    method: 'POST',
    path: '/v1/requests',
    body: JSON.stringify({ purpose, toLicenseKey, renewId, licenseKeys, short }),
    timeoutMs: TIMEOUT_MS,
  });
  const requests = parseRequestFile(JSON.stringify(file), out);
  const code = short ? `${await qrCodeOf(requests)}\n` : '';
  writeNewFile(out, `${JSON.stringify(file)}\n`, MODE);
  const words = WORDS[terminal.language];
  answer(terminal, { file: out, requests: requests.length }, `${code}${words.written(out, requests.length)}`);
  return 0;
}

async function qrCodeOf([compact = '', ...others]: readonly string[]): Promise<string> {
  if (others.length > 0 || compact.length > MAX_QR_BYTES)
    throw new LicenseError('request_too_large_for_qr', { bytes: compact.length, most: MAX_QR_BYTES });
  const { renderUnicodeCompact } = await import('uqr');
  return renderUnicodeCompact(compact, { ecc: 'L', border: 2 });
}

const WORDS = {
  en: {
    written: (file: string, count: number) =>
      `${count === 1 ? 'The request stands' : `${count} requests stand`} in ${file}. Next: license-server answer ${file} on the server, then license-agent import here.`,
  },
  zh: {
    written: (file: string, count: number) =>
      `${count} 个请求已写入 ${file}。下一步：在服务器上执行 license-server answer ${file}，再在本设备执行 license-agent import。`,
  },
};
