import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { parseEnrollment } from '#core/documents/enrollment.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import type { Language } from '#core/errors.ts';
import { VERSION } from '#core/host/version.ts';
import { createCredential } from '../../server-stub/licensing/credentials.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { run } from '../flow/program.ts';
import { englishIn } from '../support/chinese.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type Ended, runHere } from '../support/run-here.ts';
import { createServerFolder } from '../support/server-folder.ts';

const DAY = 86_400;
const CHINESE = { LC_ALL: 'zh_CN.UTF-8' };
const ENGLISH = { LC_ALL: 'C.UTF-8' };

interface Answered extends Ended {
  // biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects
  readonly json: any;
}

/** `license-server` on a folder of its own, as an operator runs it. */
class Operator {
  readonly folder = temporaryFolder();
  readonly env: Readonly<Record<string, string>>;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.env = {
      LICENSE_SERVER_STATE_DIR: this.path('state'),
      LICENSE_SERVER_PUBLIC_URLS: 'https://licenses.example.org',
      ...env,
    };
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text, { mode: 0o600 });
    return this.path(name);
  }

  /** The answer as people read it. */
  read(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return runHere('server', { args, env: { ...ENGLISH, ...this.env, ...env } });
  }

  /** The answer as one line of JSON. */
  async ask(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Answered> {
    const ended = await this.read(['--json', ...args], env);
    return { ...ended, json: JSON.parse(ended.stdout) };
  }
}

/** Cells of each line: columns stand two spaces or more apart. */
function cellsOf(stdout: string): string[][] {
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line) => line.split(/ {2,}/));
}

test('import takes several files of the vendor, each by itself', async () => {
  const operator = new Operator();
  const passphrase = ['--passphrase-file', operator.write('passphrase', 'correct horse battery staple\n')];
  const vendor = async (...args: string[]) => {
    const done = await runHere('vendor', {
      args: [...args, '--dir', operator.path('vendor'), ...passphrase],
    });
    expect([done.code, done.stderr.includes('[')]).toEqual([0, false]);
  };
  await vendor('init', '--name', 'Test Vendor');
  const rootsFile = operator.path('vendor/vendor-roots.json');
  await operator.read(['init', '--vendor-roots', rootsFile, '--host', 'licenses.example.org']);
  for (const cid of ['1', '2']) {
    const out = operator.path(`${cid}.application`);
    await operator.read([...['apply', '--cid', cid, '--name', 'n', '--app', 'a', '--out', out]]);
    await vendor('certify', out, '--out', operator.path(`${cid}.jwt`));
  }
  const [one, two] = [operator.path('1.jwt'), operator.path('2.jwt')];

  const both = await operator.read(['import', one, operator.path('none.jwt'), two]);
  expect(both.code).toBe(2);
  expect(cellsOf(both.stdout)).toEqual([
    [one, 'Certificate 1, Company 1'],
    [operator.path('none.jwt'), expect.stringContaining('[file_unreadable]')],
    [two, 'Certificate 1, Company 2'],
    ['Check that it exists and may be read.'],
  ]);
  const again = await operator.read(['import', one, two], CHINESE);
  expect([again.code, englishIn(again.stdout.replaceAll(operator.folder, ''))]).toEqual([0, []]);
  expect(again.stdout.match(/此前已导入/g)).toHaveLength(2);

  // What the vendor does after it replaced its root, as the operations page says.
  await vendor('replace-root');
  await vendor('recertify', '--out', operator.path('certificates'));
  const files = readdirSync(operator.path('certificates')).map((name) =>
    operator.path(`certificates/${name}`),
  );
  const all = await operator.read(['import', rootsFile, ...files]);
  expect([all.code, cellsOf(all.stdout)]).toEqual([
    0,
    [
      [rootsFile, 'Vendor root: Version 2'],
      [files[0], 'Certificate 2, Company 1'],
      [files[1], 'Certificate 2, Company 2'],
    ],
  ]);
  const roots = await operator.read(['import', rootsFile, rootsFile]);
  expect(roots.stdout).not.toContain('recertify');
});

test('a server whose store fails takes no further file', async () => {
  const folder = await createServerFolder();
  const roots = join(folder.stateDir, 'vendor-roots.json');
  writeFileSync(join(folder.stateDir, 'license-server.db'), 'spoilt');
  const env = { ...ENGLISH, LICENSE_SERVER_STATE_DIR: folder.stateDir };
  const failed = await runHere('server', { args: ['--json', 'import', roots, roots], env });
  expect([failed.code, JSON.parse(failed.stdout).error]).toEqual([6, 'store_damaged']);
});

describe('from an empty folder to devices that enroll', () => {
  test('init, apply, import, credentials, enrollment, quota, audit', async () => {
    const operator = new Operator();
    const passphrase = ['--passphrase-file', operator.write('passphrase', 'correct horse battery staple\n')];
    const vendor = (...args: string[]) =>
      runHere('vendor', { args: [...args, '--dir', operator.path('vendor'), ...passphrase, '--json'] });
    expect((await vendor('init', '--name', 'Test Vendor')).code).toBe(0);
    const rootsFile = operator.path('vendor/vendor-roots.json');

    const made = await operator.read(['init', '--vendor-roots', rootsFile, '--host', 'licenses.example.org']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(cellsOf(made.stdout)).toEqual(
      expect.arrayContaining([
        ['Server', expect.stringMatching(/^[0-9A-F]{32}$/)],
        ['Vendor', 'Test Vendor'],
        ['TLS names', 'licenses.example.org'],
      ]),
    );

    const application = operator.path('application.jwt');
    const apply = ['apply', '--cid', '717241', '--name', '示范学校', '--app', '课堂', '--out', application];
    const wishes = ['--purchase', 'validity=1y,count=100', '--purchase', 'validity=3m,count=5,mediaType=1'];
    const applied = await operator.ask([...apply, ...wishes]);
    expect(applied.code).toBe(0);
    const [pid, trialPid] = applied.json.items.map((item: { pid: string }) => item.pid);
    const [{ appId }] = applied.json.apps;
    const again = await operator.ask([...apply, ...wishes]);
    expect([again.code, again.json.error]).toEqual([2, 'file_exists']);

    const none = await operator.read(['quota']);
    expect([none.code, none.stdout]).toEqual([0, 'No grant was imported yet.\n']);
    const [certificate, grant] = [operator.path('certificate.jwt'), operator.path('grant.jwt')];
    expect((await vendor('certify', application, '--out', certificate)).code).toBe(0);
    const renewal = ['--renewal', `pid=${pid},validity=1y,count=20`];
    expect((await vendor('grant', '--from', application, ...renewal, '--yes', '--out', grant)).code).toBe(0);
    expect((await operator.ask(['import', certificate])).json).toMatchObject({
      kind: 'certificate',
      cid: '717241',
      serial: 1,
    });
    const imported = await operator.read(['import', grant]);
    expect(cellsOf(imported.stdout)).toEqual(
      expect.arrayContaining([
        ['Line', 'PID', 'Count', 'App'],
        ['purchase', pid, '100', 'shared'],
        ['renewal', pid, '20', 'shared'],
      ]),
    );
    expect((await operator.read(['import', grant], CHINESE)).stdout).toContain('未做更改');
    expect((await operator.ask(['import', grant])).json.changed).toBe(false);
    expect((await operator.ask(['import', application])).json.error).toBe('document_wrong_type');
    const several = await operator.ask(['import', application, rootsFile, certificate, grant]);
    expect([several.code, several.json.files]).toMatchObject([
      5,
      [
        { file: application, error: 'document_wrong_type' },
        { file: rootsFile, kind: 'roots', changed: false },
        { file: certificate, kind: 'certificate', serial: 1, changed: false },
        { file: grant, kind: 'grant', changed: false },
      ],
    ]);

    const quota = await operator.read(['quota']);
    const [head, ...rows] = cellsOf(quota.stdout);
    expect(head).toEqual(['CID', 'PID / renewId', 'App', 'Granted', 'Allocated', 'Used', 'Left', 'What']);
    expect(rows).toHaveLength(3);
    expect(rows).toContainEqual([
      ...['717241', pid, 'shared', '100', '0', '0', '100'],
      '1 year, device, RTC, audio+video, unlimited, 00:00~23:59 Asia/Shanghai',
    ]);
    expect((await operator.ask(['quota'])).json).toMatchObject({
      pools: expect.arrayContaining([expect.objectContaining({ pid: trialPid, granted: 5, used: 0 })]),
      renewals: [{ pid, granted: 20, used: 0 }],
    });

    const stranger = await operator.ask(['credentials', 'create', '--cid', '1']);
    expect([stranger.code, stranger.json.error]).toEqual([2, 'unknown_company']);
    const pair = await operator.ask(['credentials', 'create', '--cid', '717241', '--scope', 'activate'], {
      SUDO_USER: 'alice',
    });
    const { customerId, customerSecret } = pair.json;
    expect(customerSecret).toMatch(/^[\w-]{43}$/);
    const listed = await operator.read(['credentials', 'list'], CHINESE);
    expect(cellsOf(listed.stdout)).toEqual([
      ['customerId', 'CID', '范围', '用途', '创建日期', '最近使用', '状态'],
      expect.arrayContaining([customerId, '717241', 'activate', '–', '有效']),
    ]);
    expect((await operator.read(['credentials', 'revoke', customerId])).stdout).toContain('revoked');
    const revokedTwice = await operator.ask(['credentials', 'revoke', customerId]);
    expect([revokedTwice.code, revokedTwice.json.error]).toEqual([2, 'unknown_credential']);
    expect((await operator.read(['credentials', 'list'])).stdout).toMatch(/revoked \d{4}-\d\d-\d\d\n$/);

    const file = operator.path('enrollment.json');
    const create = ['enrollment', 'create', '--app', appId, '--pid', pid, '--out', file];
    const enrolled = await operator.ask([...create, '--max-activations', '50', '--days', '30']);
    expect(enrolled.json).toMatchObject({ maxActivations: 50, authority: 'server' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const roots = parseVendorRoots(readFileSync(rootsFile, 'utf8'), rootsFile);
    const { enrollment } = await parseEnrollment(readFileSync(file, 'utf8'), roots, file);
    expect(enrollment).toMatchObject({ appId, pid, serverUrls: ['https://licenses.example.org'] });
    expect(enrollment.caCertificate).toBe(readFileSync(operator.path('state/ca.pem'), 'utf8'));
    const { id } = enrollment.enrollment;
    const enrollments = () => operator.read(['enrollment', 'list']).then(({ stdout }) => cellsOf(stdout));
    expect(await enrollments()).toEqual([
      ['ID', 'State', 'Used', 'Until', 'App', 'PID'],
      [id, 'in force', '0/50', expect.any(String), '课堂', pid],
    ]);
    const revoked = await operator.read(['enrollment', 'revoke', id], CHINESE);
    expect([revoked.code, revoked.stdout]).toEqual([0, `登记 ${id} 已撤销。\n`]);
    expect((await enrollments())[1]?.[1]).toBe('revoked');
    const unknown = await operator.ask(['enrollment', 'revoke', 'X']);
    expect([unknown.code, unknown.json.error]).toEqual([2, 'unknown_enrollment']);

    const { entries } = (await operator.ask(['audit', '--limit', '5'])).json;
    const actions = entries.map(({ action }: { action: string }) => action);
    expect(actions).toEqual([
      'enrollment.revoke',
      'enrollment.create',
      'credential.revoke',
      'credential.create',
      'grant.import',
    ]);
    expect(entries[3].actor).toMatch(/^operator:\w+\(alice\)$/);
    expect(entries[4].actor).toMatch(/^operator:\w+$/);
  }, 120_000);
});

describe('an enrollment file says whom devices trust for TLS', () => {
  test('with TLS ended by a proxy: the authorities of the system, or the given one without its key', async () => {
    const { stateDir, world } = await createServerFolder();
    const operator = new Operator({ LICENSE_SERVER_STATE_DIR: stateDir, LICENSE_SERVER_TLS: 'false' });
    const create = async (name: string, ...more: string[]) => {
      const out = operator.path(name);
      const args = ['enrollment', 'create', '--app', world.appId, '--pid', world.purchase.pid, '--out', out];
      return { out, ...(await operator.ask([...args, ...more])) };
    };
    const authorityIn = async (file: string) =>
      (await parseEnrollment(readFileSync(file, 'utf8'), world.roots, file)).enrollment.caCertificate;

    const system = await create('system.json');
    expect(system.json.authority).toBe('system');
    expect(await authorityIn(system.out)).toBe('');

    const authority = readFileSync(join(stateDir, 'ca.pem'), 'utf8');
    const key = readFileSync(join(stateDir, 'ca-key.pem'), 'utf8');
    const both = operator.write('both.pem', `A comment\n${key}${authority}`);
    const pinned = await create('pinned.json', '--ca-file', both);
    expect(pinned.json.authority).toBe('file');
    expect((await authorityIn(pinned.out)).trim()).toBe(authority.trim());

    const publicKey = createPublicKey(key).export({ format: 'pem', type: 'spki' });
    for (const [text, error] of [
      [String(publicKey), 'authority_malformed'],
      ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'authority_malformed'],
    ] as const) {
      const refused = await create('refused.json', '--ca-file', operator.write('bad.pem', text));
      expect([refused.code, refused.json.error]).toEqual([2, error]);
    }
    const nowhere = await create('refused.json', '--url', 'licenses.example.org');
    expect([nowhere.code, nowhere.json.error]).toEqual([2, 'parameter_invalid']);
    expect((await operator.ask(['enrollment', 'list'])).json.enrollments).toHaveLength(2);
  });

  test('where the file is there already no enrollment is made', async () => {
    const { stateDir, world } = await createServerFolder();
    const operator = new Operator({ LICENSE_SERVER_STATE_DIR: stateDir });
    const out = operator.write('enrollment.json', 'mine');
    const args = ['enrollment', 'create', '--app', world.appId, '--pid', world.purchase.pid, '--out', out];
    const refused = await operator.ask(args);
    expect([refused.code, refused.json.error]).toEqual([2, 'file_exists']);
    expect(readFileSync(out, 'utf8')).toBe('mine');
    expect((await operator.read(['enrollment', 'list'])).stdout).toBe('There are no enrollments.\n');
  });
});

describe('the audit trail', () => {
  test('verify says intact and exits 0; after a row was altered it names the row and exits 1', async () => {
    const { stateDir, store: storeFile, world } = await createServerFolder();
    const operator = new Operator({ LICENSE_SERVER_STATE_DIR: stateDir });
    const intact = await operator.read(['audit', 'verify']);
    expect([intact.code, cellsOf(intact.stdout)]).toEqual([
      0,
      [
        ['CID', 'Rows', 'Trail'],
        [world.cid, '3', 'intact'],
      ],
    ]);

    const database = new Database(storeFile);
    database.prepare("update audit set actor = 'operator:nobody' where seq = 2").run();
    database.close();
    const broken = await operator.read(['audit', 'verify']);
    expect([broken.code, broken.stderr]).toEqual([1, '']);
    expect(broken.stdout).toContain(`broken: row ${world.cid}#2`);
    const chinese = await operator.read(['audit', 'verify', '--cid', world.cid], CHINESE);
    expect([chinese.code, chinese.stdout]).toEqual([1, expect.stringContaining(`断开：记录 ${world.cid}#2`)]);
    const { json } = await operator.ask(['audit', 'verify']);
    expect(json).toEqual({ intact: false, trails: [{ cid: world.cid, rows: 2, brokenAt: 2 }] });
    expect((await operator.ask(['audit', '--cid', 'X'])).json.error).toBe('unknown_company');
  });

  test('clock accept lets a trail that lies in the future go on from now', async () => {
    const { stateDir, store: storeFile, world } = await createServerFolder();
    const store = await openStore(storeFile);
    const future = Math.floor(Date.now() / 1000) + 30 * DAY;
    await store.write(future, (transaction) =>
      createCredential(transaction, world.cid, 'full', 'operator:x'),
    );
    await store.close();
    const operator = new Operator({ LICENSE_SERVER_STATE_DIR: stateDir });

    const create = ['credentials', 'create', '--cid', world.cid];
    const behind = await operator.ask(create);
    expect([behind.code, behind.json.error]).toEqual([1, 'clock_behind_audit']);
    const accepted = await operator.ask(['clock', 'accept']);
    expect(accepted.json.accepted).toEqual([{ cid: world.cid, previousAt: future, corrected: 0 }]);
    expect((await operator.ask(create)).code).toBe(0);
    expect((await operator.read(['audit', 'verify'])).code).toBe(0);
    const nothing = await operator.read(['clock', 'accept'], CHINESE);
    expect([nothing.code, nothing.stdout]).toEqual([0, '时钟未落后于审计记录，未做更改。\n']);
  });
});

describe('the command line', () => {
  /** In this process: what is wrong is found before a command starts. */
  async function read(args: readonly string[], language: Language = 'en'): Promise<Ended> {
    return runHere('server', { args, env: { LANG: language } });
  }

  test('each command explains itself and each of its options, in both languages', async () => {
    const commands = ['', 'init', 'apply', 'import', 'serve', 'quota', 'enrollment', 'credentials', 'audit'];
    const nested = ['enrollment create', 'enrollment list', 'enrollment revoke', 'credentials create'];
    const more = ['credentials list', 'credentials revoke', 'audit list', 'audit verify', 'clock accept'];
    const seats = ['quota list', 'quota allocate', 'quota take-back', 'app list', 'app set'];
    for (const path of [...commands, ...nested, ...more, ...seats]) {
      const words = path.split(' ').filter(Boolean);
      const english = await read([...words, '--help']);
      expect([path, english.code, english.stderr]).toEqual([path, 0, '']);
      for (const option of ['--json', '--config <FILE>', '-h, --help']) {
        expect(english.stdout).toContain(option);
      }
      expect(english.stdout).not.toMatch(/\p{Script=Han}/u);
      // What has no description ends after its name.
      expect(english.stdout).not.toMatch(/^ {2}\S+( <[^>]+>)?$/m);
      const chinese = await read([...words, '--help'], 'zh');
      expect(chinese.stdout).toMatch(/^用法：/);
      expect(chinese.stdout).not.toMatch(
        /^ {2}\S+( <[^>]+>)?$|\b(Options|Commands|default|required)\b|\[(options|command)\]/m,
      );
    }
  });

  test.each([
    [
      [],
      'init, apply, import, rotate-key, serve, enrollment, credentials, company, quota, app, license, preauthorization, answer, report, users, alerts, audit, clock',
    ],
    [['enrollment'], 'create, list, revoke'],
    [['credentials', 'dance'], 'create, list, rotate, revoke'],
    [['quta'], 'did you mean quota?'],
    [['license', 'suspnd'], 'did you mean suspend?'],
    [['clock'], 'accept'],
    [['quota', 'extra'], 'too many arguments'],
    [['quota', '--wat'], '--wat'],
    [['audit', 'verify', '--limit', '5'], '--limit'],
    [['audit', '--limit', '0'], '--limit'],
    [['enrollment', 'create', '--days', '999999'], '--days'],
    [['credentials', 'create', '--cid', '1', '--scope', 'all'], 'full'],
    [['apply'], '--cid'],
  ])('%j is a fault of usage: 2', async (args, said) => {
    const english = await read(args);
    expect([english.code, english.stdout]).toEqual([2, '']);
    expect(english.stderr).toContain(said);
    expect(english.stderr).toContain('[usage]');
    const chinese = await read([...args, '--json'], 'zh');
    const { error, message } = JSON.parse(chinese.stdout);
    expect([error, englishIn(message)]).toEqual(['usage', []]);
    expect(message).toMatch(/\p{Script=Han}/u);
  });

  test('help says what must be given, and of a list only the columns that are read', async () => {
    expect((await read(['report', '--help'])).stdout).toMatch(/--out <FILE> .*\n? *.*\(required\)/);
    expect((await read(['report', '--help'])).stdout).toMatch(
      /--cid <CID> +of one company \(default: all\)\n/,
    );
    const chinese = await read(['report', '--help'], 'zh');
    expect(chinese.stdout).toContain('license-server report [选项]\n');
    expect(chinese.stdout.match(/（必填）/g)).toHaveLength(3);
    const csv = async (verb: string) =>
      / columns: (.*)/.exec((await read(['license', verb, '--help'])).stdout.replaceAll(/\s+/g, ' '))?.[1];
    expect(await csv('suspend')).toMatch(/^license --partial/);
    expect(await csv('transfer')).toMatch(/^license, toLicenseKey --partial/);
    expect((await read(['quta'], 'zh')).stderr).toContain('没有命令“quta”；是否为 quota？');
  });

  test('--config and --json are taken before the command and after it', async () => {
    const file = join(temporaryFolder(), 'server.toml');
    writeFileSync(file, 'stateDir = "/nowhere"\n');
    for (const args of [
      ['--config', file, '--json', 'enrollment', 'list'],
      ['enrollment', '--json', 'list', '--config', file],
    ]) {
      const { code, stdout } = await read(args);
      expect([code, JSON.parse(stdout).detail]).toEqual([2, expect.objectContaining({ where: '/nowhere' })]);
    }
  });

  test.each(['server', 'vendor', 'agent'] as const)('%s says its version', async (program) => {
    const { code, stdout } = await run(program, { args: ['--version'] });
    expect([code, stdout]).toEqual([0, `${VERSION}\n`]);
  });

  test('a reader that has seen enough is no fault', async () => {
    const { code, stderr } = await run('server', {
      args: [],
      under: ['bash', '-o', 'pipefail', '-c', '"$0" "$1" apply --help | true'],
    });
    expect([code, stderr]).toEqual([0, '']);
  });
});
