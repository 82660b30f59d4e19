import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

/** What a program that logs these records leaves on stderr, and what on stdout. */
function logged(level: string, ...records: object[]) {
  const script = `
    import { createLog } from ${JSON.stringify(resolve('core/host/log.ts'))};
    const log = createLog('test', ${JSON.stringify(level)});
    for (const record of ${JSON.stringify(records)}) log.info(record, 'said');`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return { stdout, stderr };
}

test('a record is one line of JSON on stderr; stdout is left to answers', () => {
  const { stdout, stderr } = logged('info', { a: 'x\ny' });
  expect(stdout).toBe('');
  expect(JSON.parse(stderr)).toMatchObject({ name: 'test', a: 'x\ny', msg: 'said' });
});

test('the level holds', () => {
  expect(logged('warn', { a: 1 }).stderr).toBe('');
});

test('no secret stands in the log, wherever in a record it is', () => {
  const SECRET = 'hush-hush';
  const members = [
    'secret',
    'customerSecret',
    'authorization',
    'hmac',
    'passphrase',
    'heldToken',
    'document',
    'fingerprintKey',
  ];
  const records = members.flatMap((member) => [
    { [member]: SECRET },
    { enrollment: { [member]: SECRET } },
    { req: { headers: { [member]: SECRET } } },
  ]);
  const { stderr } = logged('info', ...records);
  expect(stderr.trim().split('\n')).toHaveLength(records.length);
  expect(stderr).not.toContain(SECRET);
});

test('a buffered log leaves whole lines, all of them, also those of the last moment', () => {
  const script = `
    import { createBufferedLog } from ${JSON.stringify(resolve('core/host/log.ts'))};
    const log = createBufferedLog('test');
    for (let n = 0; n < 1000; n += 1) log.info({ n, text: 'x'.repeat(n) });`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  const lines = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ n }) => n)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
});
