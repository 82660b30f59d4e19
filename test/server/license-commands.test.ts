import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#core/clock.ts';
import type { Language } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { activate } from '../../server-stub/licensing/activate.ts';
import { openStore, type Transaction } from '../../server-stub/store/database.ts';
import { run } from '../flow/program.ts';
import { englishIn } from '../support/chinese.ts';
import { TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { temporaryFolder } from '../support/folder.ts';
import { runHere } from '../support/run-here.ts';
import { TestServer } from '../support/server.ts';
import { createServerFolder, type ServerFolder, type TestFolderOptions } from '../support/server-folder.ts';
import type { World } from '../support/world.ts';

endClusterAfterAll();

const DAY = 86_400;
const MANY = {
  lines: (world: World) => [
    { ...world.purchase, transfersPerYear: 3, count: 10_000 },
    { ...world.renewal, count: 10_000 },
  ],
};

interface Reading {
  readonly language?: Language;
  /** What the person at the terminal answers; nobody sits there without. */
  readonly reply?: string;
  /** What happens while they are asked. */
  meanwhile?(): Promise<unknown>;
  /** Another configuration than the folder's own. */
  readonly config?: string;
}

/** `license-server` on a server's folder, in this process; answers what it is asked, if anybody is there. */
class Operator {
  readonly server: ServerFolder;
  readonly #config: string;

  private constructor(server: ServerFolder) {
    this.server = server;
    const text = `stateDir = "${server.stateDir}"\ndatabase = "${server.database}"\n`;
    this.#config = this.write('server.toml', text);
  }

  static async start(options: TestFolderOptions = {}): Promise<Operator> {
    return new Operator(await createServerFolder({ ...MANY, ...options }));
  }

  write(name: string, content: string | Uint8Array): string {
    const file = join(temporaryFolder(), name);
    writeFileSync(file, content);
    return file;
  }

  async read(
    args: readonly string[],
    { language = 'en', reply, meanwhile, config = this.#config }: Reading = {},
  ) {
    const questions: string[] = [];
    const person = {
      async ask(question: string) {
        questions.push(question);
        await meanwhile?.();
        return reply;
      },
      askSecret: async () => undefined,
    };
    const ended = await runHere('server', {
      args: [...args, '--config', config],
      env: { LANG: language },
      person: reply === undefined ? undefined : person,
    });
    return { ...ended, questions };
  }

  async ask(args: readonly string[], options: { reply?: string } = {}) {
    const ended = await this.read([...args, '--json'], options);
    return { ...ended, json: JSON.parse(ended.stdout) };
  }

  async transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const store = await openStore(this.server.store);
    try {
      return await store.write(systemClock.now(), work);
    } finally {
      await store.close();
    }
  }

  /** Activates LicenseKeys; gives the license values. */
  async activate(licenseKeys: readonly string[], appId = this.server.world.appId): Promise<string[]> {
    const { cid, purchase } = this.server.world;
    const requests = licenseKeys.map((licenseKey) => ({
      ...{ cid, appId, pid: purchase.pid, licenseKey },
      actor: 'operator:test',
    }));
    const outcomes = await this.transact((trx) => activate(trx, requests));
    return outcomes.map((outcome) => (outcome.ok ? outcome.license.license : outcome.error.code));
  }

  async states(): Promise<Record<string, string>> {
    const { json } = await this.ask(['license', 'list', '--limit', '100000']);
    // Ids made within one millisecond are in no order.
    return Object.fromEntries(
      json.licenses
        .toSorted(byLicenseKey)
        .map(({ licenseKey, state }: { licenseKey: string; state: string }) => [licenseKey, state]),
    );
  }
}

function byLicenseKey(one: { licenseKey: string }, other: { licenseKey: string }): number {
  return one.licenseKey < other.licenseKey ? -1 : 1;
}

const keys = (count: number) =>
  Array.from({ length: count }, (_, index) => `SN-${String(index).padStart(4, '0')}`);

describe.each(ENGINES)('license-server license, store in %s', (engine) => {
  let operator: Operator;
  beforeEach(async () => {
    operator = await Operator.start({ engine });
  });

  test('one license is paused, resumed, released, labelled and moved; show tells all of it', async () => {
    const [license = ''] = await operator.activate(['SN-1']);
    const steps = [
      ['suspend', 'SN-1'],
      ['resume', license],
      ['release', 'SN-1'],
      ['label', 'SN-1', '--label', '三楼投影仪', '--group', '3F'],
      ['transfer', 'SN-1', '--to', 'SN-2'],
      ['suspend', 'SN-2'],
      ['suspend', 'SN-2'],
    ];
    for (const [index, [verb = '', ...rest]] of steps.entries()) {
      const { code, json } = await operator.ask(['license', verb, ...rest]);
      expect([code, json.changed, json.unchanged]).toEqual([0, index === 6 ? 0 : 1, index === 6 ? 1 : 0]);
    }
    const { json } = await operator.ask(['license', 'show', license]);
    expect(json.license).toMatchObject({
      ...{ license, licenseKey: 'SN-2', state: 'suspended', label: '三楼投影仪', group: '3F' },
      ...{ transfers: 1, transfersPerYear: 3, minutesUsed: 0, device: null },
    });
    const verbs = ['activate', 'suspend', 'resume', 'release', 'label', 'transfer', 'suspend'];
    expect(json.timeline.map(({ action }: { action: string }) => action)).toEqual(
      verbs.map((verb) => `license.${verb}`),
    );
    const shown = await operator.read(['license', 'show', 'SN-2'], { language: 'zh' });
    expect(shown.stdout).toContain('已暂停');
    expect(shown.stdout).toMatch(/license\.transfer +operator:\S+ +.*licenseKey=SN-1 .*toLicenseKey=SN-2\n/);
    expect((await operator.read(['license', 'suspend', 'SN-2'], { language: 'zh' })).stdout).toMatch(
      /已是该状态\n暂停：完成 0 个，未变 1 个，拒绝 0 个。\n$/,
    );
  });

  test('licenses are renewed while renewal licenses last, none of a list when one cannot be', async () => {
    const { world } = operator.server;
    const [one = '', two = ''] = await operator.activate(['SN-1', 'SN-2']);
    const endOf = async (name: string) =>
      (await operator.ask(['license', 'show', name])).json.license.expireTime;
    const end = await endOf(one);
    const renewed = await operator.ask(['license', 'renew', 'SN-1', two], { reply: 'y' });
    expect([renewed.code, renewed.json.changed]).toEqual([0, 2]);
    expect(renewed.questions).toEqual(['2 licenses will be renewed. Go on? [y/N] ']);
    expect(await endOf(one)).toBeGreaterThan(end + 364 * DAY);
    const { json } = await operator.ask(['license', 'show', one]);
    expect(json.timeline.at(-1)).toMatchObject({
      action: 'license.renew',
      detail: { renewId: world.renewal.renewId, previousExpireTime: end, expireTime: await endOf(one) },
    });
    // Once more would be paid once more.
    const twice = await operator.ask(['license', 'renew', 'SN-1', one]);
    expect(twice.json).toMatchObject({ changed: 0, refused: 1 });
    expect(twice.json.results[1]).toMatchObject({ result: 'refused', error: 'parameter_invalid' });

    await operator.transact(({ db }) =>
      db.updateTable('terms').set({ count: 3 }).where('kind', '=', 'renewal').execute(),
    );
    const before = await endOf(two);
    const short = await operator.ask(['license', 'renew', 'SN-1', 'SN-2', '--yes']);
    expect(short.json).toMatchObject({ changed: 0, refused: 1, left: 1 });
    expect(await endOf(two)).toBe(before);
    const partial = await operator.ask(['license', 'renew', 'SN-1', 'SN-2', '--yes', '--partial']);
    expect(partial.json).toMatchObject({ changed: 1, refused: 1 });
    expect(partial.json.results[1]).toMatchObject({ name: 'SN-2', error: 'renewal_exhausted' });
    const unknown = await operator.ask(['license', 'renew', 'SN-2', '--renew-id', newId()]);
    expect(unknown.json.error).toBe('unknown_renew_id');
    expect((await operator.read(['audit', 'verify'])).code).toBe(0);
  });

  test('people read the time of the zone of the configuration, programs seconds', async () => {
    await operator.activate(['SN-1']);
    const { json } = await operator.ask(['license', 'show', 'SN-1']);
    const config = operator.write(
      'nepal.toml',
      `stateDir = "${operator.server.stateDir}"\ndatabase = "${operator.server.database}"\nzone = "Asia/Kathmandu"\n`,
    );
    const { activationTime, expireTime } = json.license;
    const inNepal = (at: number) =>
      new Date((at + 20_700) * 1000).toISOString().slice(0, 19).replace('T', ' ');
    const shown = await operator.read(['license', 'show', 'SN-1'], { config });
    expect(shown.stdout).toContain(`Activated            ${inNepal(activationTime)} +05:45\n`);
    expect(shown.stdout).toContain(`${inNepal(activationTime)} +05:45  license.activate`);
    const listed = await operator.read(['license', 'list'], { config });
    expect(listed.stdout).toContain(`active  ${inNepal(expireTime).slice(0, 10)}  never`);
    const audit = await operator.read(['audit', '--limit', '1'], { config });
    expect(audit.stdout).toContain(`\n${inNepal(activationTime)} +05:45  `);
    expect((await operator.read(['audit', '--limit', '1'])).stdout).toMatch(/:\d\d \+08:00 {2}/);
  });

  test('what one license is refused for is said with what to do', async () => {
    const [one = ''] = await operator.activate(['SN-1', 'SN-2']);
    await operator.activate(['SN-1'], operator.server.world.otherAppId);
    const refusals = [
      [['suspend', 'SN-9'], 'unknown_license'],
      [['suspend', 'SN-1'], 'license_ambiguous'],
      [['transfer', one, '--to', 'SN-2'], 'transfer_target_licensed'],
      [['transfer', one, '--to', 'SN-1'], 'transfer_same_key'],
      [['transfer', one, '--to', ' '], 'license_key_invalid'],
      [['label', one, '--label', 'x'.repeat(101)], 'parameter_invalid'],
      [['show', 'SN-1'], 'license_ambiguous'],
      [['rebind', '--from-jkt', 'A'.repeat(43)], 'unknown_license'],
    ] as const;
    for (const [args, error] of refusals) {
      const { code, json } = await operator.ask(['license', ...args]);
      expect([args, json.error, Number(code) > 1]).toEqual([args, error, true]);
    }
    expect((await operator.read(['license', 'show', 'SN-9'], { language: 'zh' })).stderr).toContain(
      '请核对许可证值或 LicenseKey，以及 App 与 PID',
    );
    const inApp = ['--app', operator.server.world.appId, '--pid', operator.server.world.purchase.pid];
    expect((await operator.ask(['license', 'suspend', 'SN-1', ...inApp])).json.results[0].license).toBe(one);
    expect((await operator.ask(['license', 'resume', one, '--app', 'e'.repeat(32)])).json.error).toBe(
      'unknown_license',
    );
  });

  test('before several are changed a person is asked, in numbers; nobody there has not said yes', async () => {
    await operator.activate(keys(3));
    await operator.ask(['license', 'suspend', 'SN-0000']);
    const suspend = ['license', 'suspend', ...keys(3)];
    const nobody = await operator.ask(suspend);
    expect([nobody.code, nobody.json.error]).toEqual([2, 'not_confirmed']);
    const no = await operator.read(suspend, { reply: 'n' });
    expect([no.code, no.questions]).toEqual([
      2,
      ['2 licenses will be suspended, 1 is so already. Go on? [y/N] '],
    ]);
    const chinese = await operator.read(suspend, { reply: '否', language: 'zh' });
    expect(chinese.questions).toEqual(['将对 2 个许可证执行“暂停”，另有 1 个已是该状态。是否继续？[y/N] ']);
    expect(Object.values(await operator.states())).toEqual(['suspended', 'active', 'active']);
    expect((await operator.read(suspend, { reply: 'y' })).code).toBe(0);
    // Nothing is taken from anybody by resuming, and one license is what was named.
    expect((await operator.ask(['license', 'resume', ...keys(3)])).json.changed).toBe(3);
    expect((await operator.ask(['license', 'release', 'SN-0000'])).json.changed).toBe(1);
    expect((await operator.ask(['license', 'release', ...keys(3), '--yes'])).json).toMatchObject({
      changed: 2,
      unchanged: 1,
    });
  });

  test('of a list with a license that is refused nothing is changed, with --partial the others are', async () => {
    await operator.activate(keys(3));
    const list = operator.write('list.csv', '\ufefflicense,note\r\nSN-0000,x\r\nSN-9,"a, b"\r\nSN-0002,\r\n');
    const whole = await operator.ask(['license', 'suspend', '--csv', list, '--yes']);
    expect(whole.code).toBe(3);
    expect(whole.json).toMatchObject({
      ...{ changed: 0, refused: 1 },
      results: [
        { line: 2, name: 'SN-0000', result: 'possible' },
        { line: 3, name: 'SN-9', result: 'refused', error: 'unknown_license' },
        { line: 4, name: 'SN-0002', result: 'possible' },
      ],
    });
    expect(new Set(Object.values(await operator.states()))).toEqual(new Set(['active']));
    const said = await operator.read(['license', 'suspend', '--csv', list], { language: 'zh' });
    expect(said.stdout).toContain('未做任何更改：列表中有 1 个被拒绝。');

    const partial = await operator.ask(['license', 'suspend', '--csv', list, '--yes', '--partial']);
    expect([partial.code, partial.json.changed, partial.json.refused]).toEqual([3, 2, 1]);
    expect(Object.values(await operator.states())).toEqual(['suspended', 'active', 'suspended']);
  });

  test('a list of transfers is one plan: LicenseKeys pass on within it, a target is given once', async () => {
    await operator.activate(keys(3));
    const ring = 'license,toLicenseKey\nSN-0002,SN-9\nSN-0001,SN-0002\nSN-0000,SN-0001\n';
    const moved = await operator.ask([
      'license',
      'transfer',
      '--csv',
      operator.write('ring.csv', ring),
      '--yes',
    ]);
    expect([moved.code, moved.json.changed]).toEqual([0, 3]);
    expect(Object.keys(await operator.states()).toSorted()).toEqual(['SN-0001', 'SN-0002', 'SN-9']);
    const twice = 'toLicenseKey,license\nSN-8,SN-0001\nSN-8,SN-0002\n';
    const refused = await operator.ask([
      'license',
      'transfer',
      '--csv',
      operator.write('twice.csv', twice),
      '--yes',
    ]);
    expect(refused.json.results.map(({ error }: { error?: string }) => error)).toEqual([
      undefined,
      'transfer_target_licensed',
    ]);
    expect(Object.keys(await operator.states())).toContain('SN-0001');
  });

  test('what another does while a person is asked is met: nothing of that piece then, and it is said', async () => {
    await operator.activate(keys(1500));
    const rows = keys(1500).map((key, index) => `${key},T-${index}`);
    const list = operator.write('list.csv', `license,toLicenseKey\n${rows.join('\n')}\n`);
    const transfer = ['license', 'transfer', '--csv', list];
    const met = await operator.read([...transfer, '--json'], {
      reply: 'y',
      meanwhile: () => operator.activate(['T-1200']),
    });
    const { results, ...counts } = JSON.parse(met.stdout);
    expect([met.code, counts]).toEqual([
      3,
      { verb: 'transfer', changed: 1000, unchanged: 0, refused: 1, left: 499 },
    ]);
    expect(results[1200]).toMatchObject({ result: 'refused', error: 'transfer_target_licensed' });
    expect(results[1499].result).toBe('possible');
    const moved = Object.keys(await operator.states()).filter((key) => key.startsWith('T-'));
    expect(moved).toHaveLength(1001);

    const short = operator.write('short.csv', 'license,toLicenseKey\nSN-1100,U-1\nSN-1101,U-2\n');
    const none = await operator.read(['license', 'transfer', '--csv', short], {
      reply: '是',
      language: 'zh',
      meanwhile: () => operator.activate(['U-2']),
    });
    expect([none.code, none.stdout]).toEqual([3, expect.stringContaining('未做任何更改')]);
    expect(Object.keys(await operator.states())).toContain('SN-1100');
  }, 60_000);

  test('long lists go in pieces of a thousand, with progress', async () => {
    await operator.activate(keys(2500));
    const list = operator.write(
      'list.csv',
      `license,group\n${keys(2500)
        .map((key) => `${key},3F`)
        .join('\n')}\n`,
    );
    const labelled = await operator.read(['license', 'label', '--csv', list]);
    expect([labelled.code, labelled.stderr]).toEqual([0, '1000 of 2500\n2000 of 2500\n2500 of 2500\n']);
    expect(labelled.stdout).toBe('2500 licenses labelled, 0 unchanged, 0 refused.\n');
    const { json } = await operator.ask(['license', 'list', '--group', '3F', '--limit', '3000']);
    expect(json.licenses).toHaveLength(2500);
  }, 60_000);

  test('a list that cannot be read is refused whole, with its line', async () => {
    await operator.activate(keys(2));
    const bad: readonly (readonly [string | Uint8Array, string])[] = [
      ['', 'column license'],
      ['licence\nSN-0000\n', 'column license'],
      ['license\n', 'no rows'],
      ['\ufefflicense;label\r\nSN-0000;x, y\r\n', 'separated by semicolons'],
      ['license\tlabel\nSN-0000\tx\n', 'separated by tabs'],
      ['license,license\nSN-0000,SN-0001\n', 'twice'],
      ['license,label\nSN-0000\n', 'line 2'],
      ['license\n"SN-0000\n', 'not CSV'],
      ['license,label\n,x\n', 'line 2 names no license'],
      ['license,label\nSN-0000,"a\nb"\n', 'control'],
      [`license\nSN-0000\u0000\n`, 'control'],
      [`license\n${'x'.repeat(20_000)}\n`, 'not CSV'],
      [Buffer.from([0x6c, 0x69, 0xff]), 'not UTF-8'],
      [`license\n${'a\n'.repeat(100_001)}`, 'more than 100000 rows'],
    ];
    for (const [content, said] of bad) {
      const args = ['license', 'suspend', '--csv', operator.write('bad.csv', content), '--yes'];
      const { code, json } = await operator.ask(args);
      expect([code, json.error]).toEqual([2, 'license_file_malformed']);
      expect(json.message).toContain(said);
      const chinese = JSON.parse((await operator.read([...args, '--json'], { language: 'zh' })).stdout);
      expect(englishIn(chinese.message)).toEqual([]);
    }
    const missing = await operator.ask(['license', 'suspend', '--csv', '/nowhere.csv']);
    expect([missing.code, missing.json.error]).toEqual([2, 'file_unreadable']);
    expect(new Set(Object.values(await operator.states()))).toEqual(new Set(['active']));
  }, 60_000);

  test('lists are filtered, paged, and written as CSV that is read back as it was', async () => {
    const { world } = operator.server;
    const odd = ['=1+1', "'=x", '-1', '@a', 'a,"b"', '设备 1', "'plain"];
    const [first = '', second = ''] = await operator.activate([...odd, ...keys(3)]);
    await operator.activate(['OTHER'], world.otherAppId);
    await operator.ask(['license', 'suspend', second]);
    await operator.transact(({ db }) =>
      db
        .updateTable('license')
        .set({ expire_time: systemClock.now() - 5, last_seen_at: systemClock.now() })
        .where('license_key', '=', 'SN-0000')
        .execute(),
    );
    const found = async (...filter: string[]) =>
      (await operator.ask(['license', 'list', ...filter])).json.licenses
        .map(({ licenseKey }: { licenseKey: string }) => licenseKey)
        .toSorted();
    expect(await found('--app', world.otherAppId)).toEqual(['OTHER']);
    expect(await found('--state', 'suspended')).toEqual(["'=x"]);
    expect(await found('--state', 'expired')).toEqual(['SN-0000']);
    expect(await found('--key', 'SN-')).toEqual(keys(3));
    expect(await found('--key', first.toLowerCase())).toEqual(['=1+1']);
    expect(await found('--ending-within', '366', '--key', 'SN-')).toEqual(['SN-0001', 'SN-0002']);
    expect(await found('--ending-within', '300')).toEqual([]);
    expect(await found('--unseen', '1')).toEqual([]);
    await operator.transact(({ db }) =>
      db
        .updateTable('license')
        .set({ activation_time: systemClock.now() - 2 * DAY })
        .where('license_key', 'in', ['SN-0000', 'SN-0001'])
        .execute(),
    );
    expect(await found('--unseen', '1')).toEqual(['SN-0001']);
    expect(await found('--pid', 'A'.repeat(32))).toEqual([]);
    expect(await found('--cid', world.cid)).toHaveLength(11);
    expect(await found('--cid', '1')).toEqual([]);

    const pages: string[] = [];
    for (let after = ''; ; ) {
      const { json } = await operator.ask(['license', 'list', '--limit', '4', '--after', after]);
      pages.push(...json.licenses.map(({ licenseKey }: { licenseKey: string }) => licenseKey));
      if (json.next === null) break;
      after = json.next;
    }
    expect(pages.toSorted()).toEqual([...odd, ...keys(3), 'OTHER'].toSorted());
    const table = await operator.read(['license', 'list', '--limit', '2'], { language: 'zh' });
    expect(table.stdout).toMatch(/还有更多，继续请使用 --after [\w-]+\n$/);
    expect((await operator.read(['license', 'list', '--key', 'NONE'])).stdout).toBe(
      'There are no such licenses.\n',
    );

    const { stdout } = await operator.read(['license', 'list', '--csv']);
    expect(stdout.startsWith('\ufefflicense,licenseKey,')).toBe(true);
    const rows: Record<string, string>[] = parse(stdout, { bom: true, columns: true });
    expect(rows).toHaveLength(11);
    // Nothing in it is a formula to a spreadsheet.
    expect(rows.flatMap(Object.values).filter((cell) => /^[=+\-@]/.test(cell))).toEqual([]);
    const back = stdout.replace('license,licenseKey', 'value,license');
    const labelled = await operator.ask([
      ...['license', 'label', '--app', world.appId, '--partial'],
      ...['--csv', operator.write('back.csv', back)],
    ]);
    expect(labelled.json).toMatchObject({ unchanged: 10, refused: 1 });
    const both = await operator.ask(['license', 'list', '--csv']);
    expect([both.code, both.json.error]).toEqual([2, 'usage']);
  });

  test('the server goes on while commands work beside it, and meets what they did', async () => {
    const server = await TestServer.start({ engine });
    server.clock.run();
    const enrollment = await server.enrollment({ expiresAt: systemClock.now() + DAY });
    const device = new TestDevice(server, enrollment, 'SN-1');
    await device.ask();
    await new TestDevice(server, enrollment, 'SN-2', device.fingerprint, device.key).ask();
    const env = {
      LICENSE_SERVER_STATE_DIR: server.folder.stateDir,
      LICENSE_SERVER_DATABASE: server.folder.database,
      LC_ALL: 'C.UTF-8',
    };
    const verb = (...args: string[]) => run('server', { args: ['license', ...args], env });
    const [suspended] = await Promise.all([
      verb('suspend', 'SN-1'),
      ...Array.from({ length: 20 }, (_, index) => server.activate(`X-${index}`)),
    ]);
    expect(suspended).toMatchObject({ code: 0, stderr: '' });
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({ denial: { code: 'suspended' } });
    await verb('resume', 'SN-1');
    // Nobody sits at the terminal of a test.
    const gateway = ['rebind', '--from-jkt', device.key.thumbprint];
    expect(await verb(...gateway)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('not_confirmed'),
    });
    expect(await verb(...gateway, '--yes')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('2 licenses freed from their devices'),
    });
    expect(await device.ask({ purpose: 'refresh' })).toMatchObject({ denial: { code: 'different_device' } });
  }, 60_000);
});

describe('the command line of license', () => {
  test.each([
    [['license']],
    [['license', 'suspend']],
    [['license', 'suspend', 'SN-1', '--csv', 'x.csv']],
    [['license', 'transfer', 'SN-1']],
    [['license', 'transfer', 'SN-1', 'SN-2', '--to', 'SN-3']],
    [['license', 'transfer', '--csv', 'x.csv', '--to', 'SN-3']],
    [['license', 'label', 'SN-1']],
    [['license', 'rebind', 'SN-1', '--from-jkt', 'x']],
    [['license', 'list', '--state', 'gone']],
    [['license', 'list', '--unseen', '0']],
  ])('%j is a fault of usage: 2', async (args) => {
    const operator = await Operator.start();
    const { code, json } = await operator.ask(args);
    expect([code, json.error]).toEqual([2, 'usage']);
    const chinese = await operator.read([...args, '--json'], { language: 'zh' });
    expect(englishIn(JSON.parse(chinese.stdout).message)).toEqual([]);
  });

  test('each command explains itself, in both languages', async () => {
    const operator = await Operator.start();
    const verbs = ['suspend', 'resume', 'renew', 'release', 'transfer', 'rebind', 'label', 'list', 'show'];
    for (const path of [['license'], ...verbs.map((verb) => ['license', verb])]) {
      const english = await operator.read([...path, '--help']);
      expect(english.stdout).not.toMatch(/\p{Script=Han}/u);
      expect(english.stdout).not.toMatch(/^ {2}\S+( <[^>]+>)?$/m);
      const chinese = await operator.read([...path, '--help'], { language: 'zh' });
      expect(chinese.stdout).toMatch(/^用法：/);
      expect(chinese.stdout).not.toMatch(/^ {2}\S+( <[^>]+>)?$|\b(Options|Commands|default)\b/m);
    }
  });
});
