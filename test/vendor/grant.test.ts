import { describe, expect, test } from 'vitest';
import { derivePid } from '#core/catalog.ts';
import { verifyGrant } from '#core/documents/grant.ts';
import { newAppId, newId } from '#core/ids.ts';
import { ONE_YEAR, VIDEO_SKU } from '../support/world.ts';
import { Applicant, VendorFixture } from './vendor-fixture.ts';

const LINE = 'validity=1y,count=100';

async function granted(fixture: VendorFixture) {
  return verifyGrant(fixture.read('grant.jwt'), [fixture.roots.root]);
}

describe('license-vendor grant', () => {
  test('is made by options alone', async () => {
    const fixture = await VendorFixture.create();
    const applicant = new Applicant();
    const line =
      'product=2,mediaType=1,minutes=600,period=22:00~06:00,zone=Europe/Berlin,category=account,' +
      `validity=3m,count=5,app=${applicant.appId},label=Night, shift,pcu=50,transfersPerYear=0`;
    const { code } = await fixture.grant([...applicant.orderOptions, '--purchase', line, '--preallocation']);
    expect(code).toBe(0);

    const { grant, terms } = await granted(fixture);
    expect(grant.apps).toMatchObject([{ appId: applicant.appId, name: 'Classroom', preallocation: true }]);
    expect(terms[0]?.claims).toMatchObject({
      sku: { product: 2, mediaType: 1, minutes: 600, period: '22:00~06:00', zone: 'Europe/Berlin' },
      category: 'account',
      validity: { unit: 'month', count: 3 },
      count: 5,
      appId: applicant.appId,
      label: 'Night, shift',
      pcu: 50,
      transfersPerYear: 0,
    });
  });

  test('takes limits for all lines, of which a line may have its own; account licenses stay bounded', async () => {
    const fixture = await VendorFixture.create();
    const limits = [
      '--token-life',
      '10',
      '--grace',
      '5s',
      '--expiry-grace',
      '1h',
      '--transfers-per-year',
      '3',
    ];
    const lines = [LINE, `${LINE},tokenLife=400d`, `${LINE},category=account,tokenLife=400d,grace=14d`];
    const purchases = lines.flatMap((line) => ['--purchase', line]);
    await fixture.grant([...new Applicant().orderOptions, ...limits, ...purchases]);

    const { terms } = await granted(fixture);
    expect(terms.map(({ claims }) => claims)).toMatchObject([
      { tokenLifeSeconds: 10, graceSeconds: 5, expiryGraceSeconds: 3600, transfersPerYear: 3 },
      { tokenLifeSeconds: 400 * 86_400, graceSeconds: 5 },
      { tokenLifeSeconds: 7 * 86_400, graceSeconds: 86_400 },
    ]);
  });

  test('takes an application, and options add Apps and lines or override', async () => {
    const fixture = await VendorFixture.create();
    const applicant = new Applicant();
    const from = ['--from', fixture.write('application.jwt', await applicant.apply())];
    const other = newAppId();
    const options = [
      '--app',
      `${other}=Gym`,
      '--name',
      '示例学校',
      '--no-preallocation',
      '--token-life',
      '1h',
    ];
    await fixture.grant([...from, ...options, '--purchase', `${LINE},app=${other}`]);

    const { grant, terms } = await granted(fixture);
    expect(grant).toMatchObject({ aud: applicant.serverId, name: '示例学校' });
    expect(grant.apps).toEqual([
      { appId: applicant.appId, vid: '100001', name: 'Classroom', preallocation: false },
      { appId: other, vid: '100002', name: 'Gym', preallocation: false },
    ]);
    expect(terms.map(({ claims }) => claims)).toMatchObject([
      { label: 'Video', tokenLifeSeconds: 3600 },
      { appId: other, tokenLifeSeconds: 3600 },
    ]);

    const contradicting = await fixture.grant([...from, '--cid', '1']);
    expect(contradicting.json).toMatchObject({ error: 'parameter_invalid', detail: { name: '--cid' } });
  });

  test('keeps the vid of an App, and gives a new App the next', async () => {
    const fixture = await VendorFixture.create();
    const [school, clinic] = [new Applicant(), new Applicant({ cid: '2' })];
    const vids = async (args: readonly string[]) =>
      (await fixture.grant(args)).json.apps.map(({ vid }: { vid: string }) => vid);
    expect(await vids(school.orderOptions)).toEqual(['100001']);
    expect(await vids(clinic.orderOptions)).toEqual(['100002']);
    expect(await vids([...school.orderOptions, '--app', newAppId()])).toEqual(['100001', '100003']);

    const stolen = await fixture.grant([...clinic.orderOptions, '--app', school.appId]);
    expect(stolen.json).toMatchObject({ error: 'parameter_invalid', detail: { name: '--app' } });
  });

  test('renews what the company bought, earlier or in the same grant, and nothing else', async () => {
    const fixture = await VendorFixture.create();
    const { orderOptions } = new Applicant();
    const pid = derivePid(VIDEO_SKU, ONE_YEAR, 'device');
    const renewal = ['--renewal', `pid=${pid},validity=1y,count=20`];
    const early = await fixture.grant([...orderOptions, ...renewal]);
    expect(early.json).toMatchObject({ error: 'parameter_invalid', detail: { name: '--renewal pid' } });
    expect(await fixture.grant([...orderOptions, '--purchase', LINE])).toMatchObject({ code: 0 });
    expect(await fixture.grant([...orderOptions, ...renewal])).toMatchObject({ code: 0 });
    const other = new Applicant({ cid: '2' });
    expect(await fixture.grant([...other.orderOptions, ...renewal])).toMatchObject({ code: 2 });
  });

  test('replaces an earlier grant of the same server and company, once', async () => {
    const fixture = await VendorFixture.create();
    const applicant = new Applicant();
    const first = (await fixture.grant([...applicant.orderOptions, '--purchase', LINE])).json.grantId;
    const replaces = ['--replaces', first, '--purchase', 'validity=1y,count=60'];
    const refusals = [
      await fixture.grant([...new Applicant().orderOptions, ...replaces]),
      await fixture.grant([...applicant.orderOptions, '--replaces', newId()]),
    ];

    const second = await fixture.grant([...applicant.orderOptions, ...replaces]);
    expect(second.json).toMatchObject({ replaces: first });
    expect((await granted(fixture)).grant.replaces).toBe(first);
    expect(fixture.entries.at(-1)).toMatchObject({ replaces: first });
    refusals.push(await fixture.grant([...applicant.orderOptions, ...replaces]));
    for (const refused of refusals) {
      expect(refused.json).toMatchObject({ error: 'parameter_invalid', detail: { name: '--replaces' } });
    }
  });

  test.each([
    ['an unknown field', ['--purchase', `${LINE},colour=red`], 'parameter_invalid', '--purchase'],
    ['a field twice', ['--purchase', `${LINE},count=1`], 'parameter_invalid', '--purchase'],
    [
      'a trial of two months',
      ['--purchase', 'validity=2m,count=1'],
      'parameter_invalid',
      '--purchase validity',
    ],
    ['no license', ['--purchase', 'validity=1y,count=0'], 'parameter_invalid', '--purchase count'],
    ['half a license', ['--purchase', 'validity=1y,count=1.5'], 'parameter_invalid', '--purchase count'],
    ['an unknown zone', ['--purchase', `${LINE},zone=Mars/Olympus`], 'parameter_invalid', '--purchase zone'],
    ['an hour 24', ['--purchase', `${LINE},period=00:00~24:00`], 'parameter_invalid', '--purchase period'],
    ['a token life of nothing', ['--token-life', '0'], 'parameter_invalid', '--token-life'],
    ['a duration in weeks', ['--grace', '2w'], 'parameter_invalid', '--grace'],
    ['a line without count', ['--purchase', 'validity=1y'], 'parameter_missing', '--purchase count'],
    ['a renewal without PID', ['--renewal', 'validity=1y,count=1'], 'parameter_missing', '--renewal pid'],
    [
      'a line of an App not enabled',
      ['--purchase', `${LINE},app=${newAppId()}`],
      'parameter_invalid',
      '--purchase app',
    ],
    ['an App ID in capitals', ['--app', newId()], 'parameter_invalid', '--app'],
    ['a CID with a space', ['--cid', '1 2'], 'parameter_invalid', '--cid'],
  ])('refuses %s, and nothing is written', async (_, args, error, name) => {
    const fixture = await VendorFixture.create();
    const before = fixture.ledger;
    const refused = await fixture.grant([...new Applicant().orderOptions, ...args]);
    expect(refused).toMatchObject({ code: 2, json: { error, detail: { name } } });
    expect(fixture.ledger).toBe(before);
    expect(() => fixture.read('grant.jwt')).toThrow('ENOENT');
  });

  test.each(['--server-id', '--cid', '--name', '--app'])(
    'misses %s where there is no application',
    async (name) => {
      const fixture = await VendorFixture.create();
      const options = new Applicant().orderOptions;
      const args = options.toSpliced(options.indexOf(name), 2);
      expect((await fixture.grant(args)).json).toMatchObject({
        error: 'parameter_missing',
        detail: { name },
      });
    },
  );

  test('refuses an application that its server did not sign', async () => {
    const fixture = await VendorFixture.create();
    const forged = await new Applicant().apply({}, new Applicant().key);
    const refused = await fixture.grant(['--from', fixture.write('application.jwt', forged)]);
    expect(refused).toMatchObject({ code: 5, json: { error: 'issuer_untrusted' } });
  });
});

describe('an application that was granted already', () => {
  async function grantedOnce() {
    const fixture = await VendorFixture.create();
    const applicant = new Applicant();
    const applicationId = newId();
    const document = await applicant.apply({ applicationId });
    const from = ['--from', fixture.write('application.jwt', document)];
    const first: string = (await fixture.grant(from)).json.grantId;
    return { fixture, applicant, applicationId, from, first };
  }

  test('is not granted a second time by a slip, and nothing is written', async () => {
    const { fixture, applicationId, from, first } = await grantedOnce();
    expect(fixture.entries.at(-1)).toMatchObject({ grantId: first, applicationId });
    const before = fixture.ledger;
    const refused = await fixture.grant(from);
    expect(refused).toMatchObject({
      code: 2,
      json: { error: 'application_granted', detail: { applicationId, grantId: first } },
    });
    expect(refused.json.remedy).toContain(`--replaces ${first}`);
    expect(fixture.ledger).toBe(before);
    expect(() => fixture.read('grant.jwt')).toThrow('ENOENT');
  });

  test('is granted once more with --again, and further applications are free', async () => {
    const { fixture, applicant, from } = await grantedOnce();
    expect(await fixture.grant([...from, '--again'])).toMatchObject({ code: 0 });
    const next = fixture.write('next.jwt', await applicant.apply());
    expect(await fixture.grant(['--from', next])).toMatchObject({ code: 0 });
  });

  test('may be granted in place of that grant, or of what took its place, and of no other', async () => {
    const { fixture, applicant, from, first } = await grantedOnce();
    const other = (await fixture.grant(applicant.orderOptions)).json.grantId;
    expect((await fixture.grant([...from, '--replaces', other])).json.error).toBe('application_granted');
    const second = await fixture.grant([...applicant.orderOptions, '--replaces', first]);
    expect((await fixture.grant(from)).json).toMatchObject({
      error: 'application_granted',
      detail: { grantId: second.json.grantId },
    });
    const third = await fixture.grant([...from, '--replaces', second.json.grantId]);
    expect(third).toMatchObject({ code: 0, json: { replaces: second.json.grantId } });
    expect((await fixture.grant(from)).json.detail).toMatchObject({ grantId: third.json.grantId });
  });

  test('is unknown to a ledger of before, which stays readable', async () => {
    const { fixture, from } = await grantedOnce();
    const old = fixture.ledger.replace(/"applicationId":"[0-9A-F]+",/, '');
    expect(old).not.toBe(fixture.ledger);
    fixture.write('vendor/ledger.jsonl', old);
    expect(await fixture.grant(from)).toMatchObject({ code: 0 });
  });
});

test('license-vendor grant never writes over a file, and signs nothing then', async () => {
  const fixture = await VendorFixture.create();
  const { orderOptions } = new Applicant();
  await fixture.grant(orderOptions);
  const before = [fixture.ledger, fixture.read('grant.jwt')];
  const file = fixture.path('grant.jwt');
  const refused = await fixture.grant([...orderOptions, '--out', file]);
  expect(refused).toMatchObject({ code: 2, json: { error: 'file_exists', detail: { file } } });
  expect([fixture.ledger, fixture.read('grant.jwt')]).toEqual(before);
});

describe('what a person sees before signing', () => {
  const personWho = (reply: string | undefined) => ({
    ask: async () => reply,
    askSecret: async () => undefined,
  });

  test('is company, server, Apps and lines; without a yes nothing is signed', async () => {
    const fixture = await VendorFixture.create();
    const applicant = new Applicant();
    const args = [...applicant.orderOptions, '--purchase', `${LINE},label=Video`];
    const before = fixture.ledger;
    for (const reply of ['n', '', undefined]) {
      const refused = await fixture.grant(args, { person: personWho(reply) });
      expect(refused).toMatchObject({ code: 2, json: { error: 'not_confirmed' } });
      const pid = derivePid(VIDEO_SKU, ONE_YEAR, 'device');
      for (const fact of [
        'Example School (CID 717241)',
        applicant.serverId,
        applicant.appId,
        pid,
        '100',
        '1 year',
        'Video',
      ]) {
        expect(refused.err).toContain(fact);
      }
    }
    expect(fixture.ledger).toBe(before);
    expect(await fixture.grant(args, { person: personWho('y') })).toMatchObject({ code: 0 });
  });

  test('is not taken for seen where nobody sits at the terminal: without --yes nothing is signed', async () => {
    const fixture = await VendorFixture.create();
    const before = fixture.ledger;
    const args = ['grant', '--dir', fixture.dir, '--out', fixture.path('grant.jwt'), '--json'];
    const refused = await fixture.run([...args, ...new Applicant().orderOptions]);
    expect(refused).toMatchObject({ code: 2, json: { error: 'not_confirmed' } });
    expect(fixture.ledger).toBe(before);
    expect(() => fixture.read('grant.jwt')).toThrow('ENOENT');
  });

  test('is in Chinese for a Chinese reader', async () => {
    const fixture = await VendorFixture.create();
    const args = ['grant', '--dir', fixture.dir, '--yes', '--out', fixture.path('grant.jwt')];
    const order = [...new Applicant().orderOptions, '--purchase', 'validity=3m,count=5'];
    const { out, err } = await fixture.run([...args, ...order], { language: 'zh' });
    expect(err).toContain('将签署以下内容');
    expect(err).toMatch(/购买 .* 5 .* 3 个月（测试） {2}设备/);
    expect(out).toContain('已签署授权');
  });

  test('cannot be disguised by an applicant: characters that do not print are spelled out', async () => {
    const fixture = await VendorFixture.create();
    const apps = [{ appId: newAppId(), name: 'A\u202egnp.exe\u200b' }];
    const from = ['--from', fixture.write('application.jwt', await new Applicant().apply({ apps }))];
    const { err } = await fixture.grant(from, { person: personWho('n') });
    expect(err).toContain('A\\u{202e}gnp.exe\\u{200b}');
  });
});
