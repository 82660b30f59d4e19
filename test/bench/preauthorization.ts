import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { requireDebianProgram } from '../support/debian.ts';
import { OpenApiClient } from '../support/openapi-client.ts';
import { prepareServer, serveEnvironment } from '../support/prepare-server.ts';
import { type BenchOptions, PeakMemory, p99, type Result, resultOf } from './measure.ts';
import { startNode } from './processes.ts';

const run = promisify(execFile);
/** The goals of an upload: memory above idle, in MiB, and the p99 of other calls meanwhile, in milliseconds. */
const MEMORY_MIB = 150;
const P99_MS = 100;
/** One other call so often, in milliseconds, whether the one before is answered or not. */
const CALL_EVERY_MS = 20;
const EXPORTS_MS = 10_000;

/**
 * A million LicenseKeys in no order are uploaded, paged through and exported, while a second process activates, looks
 * up and searches at a steady rate. The export must be the file.
 */
export async function preauthorization({ quick, progress }: BenchOptions): Promise<Result[]> {
  requireDebianProgram('curl');
  const folder = mkdtempSync(join(tmpdir(), 'license-bench-'));
  const count = quick ? 100_000 : 1_000_000;
  const file = join(folder, 'license-keys.txt');
  writeFileSync(file, licenseKeys(count));
  const { world, credential, ...place } = await prepareServer(folder, {
    lines: (each) => [{ ...each.purchase, count: 1_000_000 }],
  });
  const { customerId, customerSecret } = credential;
  const server = await startNode(['server-stub/main.ts', 'serve', '--json'], serveEnvironment(place));
  const { url } = JSON.parse(server.line);
  const client = new OpenApiClient(url, credential, world.appId, world.purchase.pid);
  const base = `${url}/dabiz/license/v2`;
  const curl = (path: string, ...more: string[]) =>
    run('curl', ['-fsS', '-u', `${customerId}:${customerSecret}`, ...more, `${base}${path}`]);
  try {
    progress('idle');
    const idle = await callsUntil(client, world.appId, new Promise((resolve) => setTimeout(resolve, 5_000)));
    const quiet = `without it ${p99(idle).toFixed(0)} ms`;
    const pid = server.child.pid as number;
    const memory = new PeakMemory(pid);
    const idleMiB = memory.peakMiB;

    progress(`upload of ${count} LicenseKeys`);
    const began = performance.now();
    const upload = curl(`/pad/upload?appid=${world.appId}`, '-F', `file=@${file}`);
    const latencies = await callsUntil(client, world.appId, upload);
    const seconds = (performance.now() - began) / 1000;
    const { data } = JSON.parse((await upload).stdout);
    if (data.added !== count) throw new Error(`of ${count} LicenseKeys ${data.added} went in`);

    progress('pages and export');
    const page = (number: number) =>
      timed(() => client.call('GET', `/dabiz/license/v2/pads?appid=${world.appId}&page=${number}`));
    const pages = [];
    for (let round = 0; round < 20; round += 1)
      pages.push({ limit: await page(1), value: await page(count / 20) });
    const exported = join(folder, 'exported.txt');
    // Again and again: one alone is over before a hundredth of the calls says anything.
    const exporting = (async () => {
      const end = performance.now() + EXPORTS_MS;
      do {
        await curl(`/pads/export?appid=${world.appId}`, '-o', exported);
        if (!readFileSync(file).equals(readFileSync(exported)))
          throw new Error('the export is not what was uploaded');
      } while (performance.now() < end);
    })();
    const exportLatencies = await callsUntil(client, world.appId, exporting);
    const peakMiB = memory.stop();

    progress('the same rows into SQLite alone');
    const limit = bareRowsPerSecond(folder, readFileSync(file, 'utf8').trimEnd().split('\n'));
    return [
      resultOf(
        {
          name: 'preauthorization.memory',
          unit: 'MiB',
          limitIs: `idle (${idleMiB.toFixed(0)} MiB) + ${MEMORY_MIB} MiB`,
          goal: { atMost: 1 },
        },
        [{ value: peakMiB, limit: idleMiB + MEMORY_MIB }],
      ),
      resultOf(
        {
          name: 'preauthorization.upload.p99',
          unit: 'ms',
          limitIs: `goal; ${latencies.length} calls while rows went in, ${quiet}`,
          goal: { atMost: 1 },
        },
        [{ value: p99(latencies), limit: P99_MS }],
      ),
      resultOf(
        {
          name: 'preauthorization.export.p99',
          unit: 'ms',
          limitIs: `goal; ${exportLatencies.length} calls during exports, ${quiet}`,
          goal: { atMost: 1 },
        },
        [{ value: p99(exportLatencies), limit: P99_MS }],
      ),
      resultOf(
        {
          name: 'preauthorization.upload',
          unit: '1/s',
          limitIs: 'the same rows into SQLite alone, durable, 1,000 a transaction',
          goal: { atLeast: 0.3 },
        },
        [{ value: count / seconds, limit }],
      ),
      resultOf(
        { name: 'preauthorization.page.last', unit: 'ms', limitIs: 'the first page', goal: { atMost: 2 } },
        pages,
      ),
    ];
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Device ids in no order, which is the dearest case for every index. */
function licenseKeys(count: number): string {
  const random = randomBytes(count * 6)
    .toString('hex')
    .toUpperCase();
  let text = '';
  for (let index = 0; index < count; index += 1)
    text += `DEV-${random.slice(index * 12, index * 12 + 12)}-${index.toString(36)}\n`;
  return text;
}

/** Other calls at a steady rate until work is over: their times, in milliseconds. */
async function callsUntil(client: OpenApiClient, appId: string, work: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const calls: Promise<void>[] = [];
  const one = async (index: number) => {
    const key = `OTHER-${performance.now()}-${index}`;
    const kinds = [
      () => client.activate(key),
      () => client.activate(key),
      () => client.detail('OTHER-none'),
      () => client.call('GET', `/dabiz/license/v2/pads/search?appid=${appId}&licenseKey=${key}`),
    ];
    times.push(await timed(kinds[index % kinds.length] ?? (() => client.activate(key))));
  };
  let index = 0;
  const timer = setInterval(() => {
    index += 1;
    calls.push(one(index));
  }, CALL_EVERY_MS);
  await work.finally(() => clearInterval(timer));
  await Promise.all(calls);
  return times;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function bareRowsPerSecond(folder: string, keys: readonly string[]): number {
  const database = new Database(join(folder, 'bare.db'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec(
    `create table p (list integer not null, license_key text not null, seq integer not null,
      primary key (list, license_key)) strict, without rowid;
     create unique index by_seq on p (list, seq);`,
  );
  const insert = database.prepare('insert into p values (1, ?, ?)');
  const piece = database.transaction((from: number) => {
    for (let index = from; index < Math.min(from + 1000, keys.length); index += 1)
      insert.run(keys[index], index);
  });
  const began = performance.now();
  for (let from = 0; from < keys.length; from += 1000) piece(from);
  const seconds = (performance.now() - began) / 1000;
  database.close();
  return keys.length / seconds;
}
