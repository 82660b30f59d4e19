import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Answer, verifyAnswer } from '#core/documents/answer.ts';
import { parseAnswerFile } from '#core/documents/answer-file.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { newId } from '#core/ids.ts';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { TestDevice } from '../support/device.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runHere } from '../support/run-here.ts';
import type { TestServer } from '../support/server.ts';
import { createServerFolder } from '../support/server-folder.ts';

async function desk({ count = 100 } = {}) {
  const folder = await createServerFolder({ lines: ({ purchase }) => [{ ...purchase, count }] });
  const { world, stateDir } = folder;
  const run = (args: readonly string[], language = 'C.UTF-8') =>
    runHere('server', { args, env: { LICENSE_SERVER_STATE_DIR: stateDir, LC_ALL: language } });
  const files = temporaryFolder();
  const enrollmentFile = join(files, 'enrollment.json');
  const made = await run([
    ...[
      'enrollment',
      'create',
      '--app',
      world.appId,
      '--pid',
      world.purchase.pid,
      '--max-activations',
      '1000',
    ],
    ...['--url', 'https://license.example', '--out', enrollmentFile],
  ]);
  if (made.code !== 0) throw new Error(made.stderr);
  const enrollment: Enrollment = JSON.parse(readFileSync(enrollmentFile, 'utf8'));
  const device = (licenseKey: string) => new TestDevice({ world } as TestServer, enrollment, licenseKey);
  const write = (name: string, content: string | Buffer) => {
    writeFileSync(join(files, name), content);
    return join(files, name);
  };
  const fileOf = (name: string, licenseRequests: readonly string[]) =>
    write(name, JSON.stringify({ version: 1, licenseRequests }));
  const ask = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(['--json', 'answer', ...args]);
    return { code, ...JSON.parse(stdout || stderr) };
  };
  const answersIn = (file: string) => parseAnswerFile(readFileSync(file, 'utf8'), file).answers as Answer[];
  const used = async () => {
    const store = await openStore(folder.store);
    const { used: seats } = await store.reader
      .selectFrom('quota')
      .select(({ fn }) => fn.sum<number>('used').as('used'))
      .executeTakeFirstOrThrow();
    const { brokenAt } = await verifyTrail(store.reader, world.cid);
    await store.close();
    return { used: Number(seats), brokenAt };
  };
  return { folder, world, run, files, device, write, fileOf, ask, answersIn, used };
}

describe('license-server answer', () => {
  test('answers a file of many devices, a file of one, and the text of a QR code, each as online', async () => {
    const { device, fileOf, write, ask, answersIn, used, world } = await desk();
    const [one, two, three] = [device('SN-1'), device('SN-2'), device('SN-3')];
    const many = fileOf('many.json', [await one.request(), await two.request()]);
    const bare = write('qr.txt', `\n${await three.request()}\n`);
    const array = write('array.json', JSON.stringify([await device('SN-4').request()]));
    const { code, files } = await ask(many, bare, array);
    expect(code).toBe(0);
    expect(files.map(({ requests }: { requests: object[] }) => requests)).toEqual([
      [
        { licenseKey: 'SN-1', purpose: 'activate', outcome: 'token' },
        { licenseKey: 'SN-2', purpose: 'activate', outcome: 'token' },
      ],
      [{ licenseKey: 'SN-3', purpose: 'activate', outcome: 'token' }],
      [{ licenseKey: 'SN-4', purpose: 'activate', outcome: 'token' }],
    ]);
    const [answer] = answersIn(many.replace('.json', '.answer.json'));
    const { serverId, cid, appId } = world;
    const subject = {
      serverId,
      cid,
      appId,
      pid: world.purchase.pid,
      licenseKey: 'SN-1',
      jkt: one.key.thumbprint,
    };
    expect((await verifyAnswer(answer, subject, [world.root])).kind).toBe('token');
    expect(existsSync(bare.replace('.txt', '.answer.json'))).toBe(true);
    expect(await used()).toEqual({ used: 4, brokenAt: undefined });
  });

  test('the same file again gives the same license and costs nothing', async () => {
    const { device, fileOf, ask, answersIn, used } = await desk();
    const file = fileOf('request.json', [await device('SN-1').request()]);
    const answerFile = file.replace('.json', '.answer.json');
    await ask(file);
    const first = readFileSync(answerFile, 'utf8');
    expect(await ask(file)).toMatchObject({ code: 2, error: 'file_exists' });
    expect(readFileSync(answerFile, 'utf8')).toBe(first);
    expect((await ask(file, '--force')).code).toBe(0);
    const claims = (text: string) =>
      JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString());
    expect(claims(answersIn(answerFile)[0]?.document ?? '')).toEqual(
      claims(JSON.parse(first).answers[0].document),
    );
    expect((await used()).used).toBe(1);
  });

  test('200 files of a stick at once, into a folder, with the refused ones told and the others answered', async () => {
    const { device, fileOf, files, run, used } = await desk({ count: 150 });
    const out = join(files, 'answers');
    mkdirSync(out);
    const requests = [];
    for (let each = 0; each < 200; each += 1)
      requests.push(fileOf(`device-${each}.json`, [await device(`SN-${each}`).request()]));
    const { code, stdout, stderr } = await run(['answer', '--out', out, ...requests], 'zh_CN.UTF-8');
    expect(code).toBe(3);
    expect(stdout).toMatch(/文件 +LicenseKey +请求 +应答/);
    expect(stdout.match(/许可证令牌/g)).toHaveLength(150);
    expect(stdout).toMatch(/共 200 个文件，200 个请求。/);
    expect(stderr).toContain('已处理 200/200 个文件');
    expect(existsSync(join(out, 'device-199.answer.json'))).toBe(true);
    expect((await used()).used).toBe(150);
  });

  test('a lease in a file is answered; answers of the last visit beside the requests are no requests', async () => {
    const { device, fileOf, ask, files, used } = await desk();
    const asking = device('SN-1');
    const first = fileOf('first.json', [await asking.request()]);
    expect((await ask(first)).code).toBe(0);
    const second = fileOf('second.json', [await asking.request({ purpose: 'lease', sessions: 2 })]);
    const { code, files: told } = await ask(first, join(files, 'first.answer.json'), second, '--force');
    expect(code).toBe(0);
    expect(
      told.map(({ requests }: { requests: { outcome: string }[] }) => requests.map(({ outcome }) => outcome)),
    ).toEqual([['token'], ['lease']]);
    expect((await used()).used).toBe(1);
  });

  test('a pipe or a device on the stick is told of, and waited for by nobody', async () => {
    const { device, fileOf, ask, files } = await desk();
    execFileSync('mkfifo', [join(files, 'pipe.json')]);
    symlinkSync('/dev/zero', join(files, 'zero.json'));
    const good = fileOf('good.json', [await device('SN-1').request()]);
    const { code, files: told } = await ask(join(files, 'pipe.json'), join(files, 'zero.json'), good);
    expect(code).toBe(3);
    expect(told.map(({ error }: { error?: string }) => error)).toEqual([
      'file_unreadable',
      'file_unreadable',
      undefined,
    ]);
  });

  test("files that are none, and a stranger's, are told; the good one beside them is answered", async () => {
    const { device, fileOf, write, files, ask, answersIn, world, used } = await desk();
    const good = await device('SN-1').request();
    mkdirSync(join(files, 'folder.json'));
    const bad: [string, string][] = [
      [join(files, 'none.json'), 'file_unreadable'],
      [join(files, 'folder.json'), 'file_unreadable'],
      [write('garbage.json', 'hello'), 'document_malformed'],
      [write('binary.json', Buffer.from([0xff, 0xfe, 0])), 'file_unreadable|document_malformed'],
      [write('empty.json', '[]'), 'document_malformed'],
      [
        fileOf(
          'many.json',
          Array.from({ length: 1001 }, () => good),
        ),
        'document_malformed',
      ],
      [write('huge.json', `["${'a'.repeat(9_000_000)}"]`), 'file_unreadable|document_|file_too_large'],
    ];
    const stranger = await device('SN-2').request({ aud: newId() });
    const noProof = await device('SN-3').request({ enrollment: { id: newId(), hmac: 'A'.repeat(43) } });
    const flipped = good.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    const file = fileOf('mixed.json', [good, stranger, noProof, flipped]);
    const { code, files: told } = await ask(...bad.map(([name]) => name), file);
    expect(code).toBe(3);
    for (const [index, [, error]] of bad.entries()) expect(told[index].error).toMatch(new RegExp(error));
    expect(told.at(-1).requests.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'token',
      'issuer_mismatch',
      'enrollment_rejected',
      expect.stringMatching(/signature_invalid|document_malformed/),
    ]);
    const [, problem] = answersIn(file.replace('.json', '.answer.json')) as unknown[];
    expect(problem).toMatchObject({ code: 400, error: 'issuer_mismatch', message: expect.any(String) });
    expect((await used()).used).toBe(1);
    expect(world.cid).toBe('717241');
  });
});
