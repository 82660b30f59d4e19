import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireDebianProgram } from '../support/debian.ts';
import { temporaryFolder } from '../support/folder.ts';
import { createServerFolder } from '../support/server-folder.ts';
import { clientOf, serve } from './server-process.ts';

test('system calls show the store synced between the arrival of each request and its answer', async () => {
  requireDebianProgram('strace');
  const folder = await createServerFolder({ lines: (world) => [{ ...world.purchase, count: 500 }] });
  const trace = join(temporaryFolder(), 'trace');
  // The main thread alone: it reads the sockets, writes the store and answers.
  const strace = ['strace', '-y', '-s', '40', '-e', 'trace=read,write,writev,fsync,fdatasync', '-o', trace];
  const server = await serve(folder, { under: strace });
  const client = clientOf(server, folder);
  const one = await client.activate('SN-alone');
  const many = await Promise.all(Array.from({ length: 100 }, (_, index) => client.activate(`SN-${index}`)));
  expect([one, ...many].every(({ status }) => status === 200)).toBe(true);
  await server.end('SIGTERM');

  let synced = 0;
  let answers = 0;
  let unsynced = 0;
  const arrived = new Map<string, number>();
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const [, call, descriptor, rest] = /^(\w+)\(([^,)]+)(.*)$/.exec(line) ?? [];
    if (call === undefined || descriptor === undefined || rest === undefined) continue;
    if (/^fd?(ata)?sync$/.test(call) && descriptor.includes('license-server.db-wal')) synced += 1;
    if (call === 'read' && rest.includes('"POST /dabiz')) arrived.set(descriptor, synced);
    if (call.startsWith('write') && rest.includes('HTTP/1.1 200')) {
      answers += 1;
      if (synced <= (arrived.get(descriptor) ?? Number.POSITIVE_INFINITY)) unsynced += 1;
    }
  }
  expect({ answers, unsynced }).toEqual({ answers: 101, unsynced: 0 });
});
