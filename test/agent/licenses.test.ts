import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { Answer } from '#core/documents/answer.ts';
import type { DenialCode } from '#core/documents/license-denial.ts';
import { licenseDenialDocument } from '#core/documents/license-denial.ts';
import { licenseRequestDocument } from '#core/documents/license-request.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { newId } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { base64url, codeOf, forge } from '../support/forge.ts';
import { NOW, World } from '../support/world.ts';
import { BOARD, DAY, deviceOf, HOUR, openAgent } from './support.ts';

const stateOf = async ({ licenses }: ReturnType<typeof openAgent>) =>
  (await licenses.verdict()).verdict.state;

describe('with no network', () => {
  test('a license goes from active to grace to expired as time goes by', async () => {
    const agent = openAgent(new World());
    expect(await stateOf(agent)).toBe('unlicensed');
    await agent.activate();
    const states = [];
    for (const days of [0, 89, 1, 13, 1]) {
      agent.clock.pass(days * DAY);
      states.push(await stateOf(agent));
    }
    expect(states).toEqual(['active', 'active', 'grace', 'grace', 'expired']);
  });

  test('a year of a wrong wall clock leads to grace, and back when the clock is right again', async () => {
    const agent = openAgent(new World());
    await agent.activate();
    agent.clock.wall += 366 * DAY;
    const { verdict } = await agent.licenses.verdict();
    expect([verdict.state, verdict.clockUnconfirmed]).toEqual(['grace', true]);
    agent.clock.wall -= 366 * DAY;
    expect(await stateOf(agent)).toBe('active');
  });

  test('what was confirmed outlives a restart with the clock at 1970', async () => {
    const agent = openAgent(new World());
    await agent.activate();
    agent.clock.pass(105 * DAY);
    expect(await stateOf(agent)).toBe('expired');
    agent.clock.reboot({ wall: 0 });
    expect(await stateOf(agent.restart())).toBe('expired');
  });

  test('a store whose clock mark was removed counts from the time the server signed', async () => {
    const agent = openAgent(new World());
    await agent.activate();
    agent.store.saveClockMark({} as never);
    agent.store.close();
    agent.clock.reboot({ wall: 0 });
    const again = openAgent(agent.folder.world, agent);
    const { time } = await again.licenses.verdict();
    expect(time.confirmed).toBe(NOW);
  });

  test('another board refuses, and deletes nothing', async () => {
    const world = new World();
    const agent = openAgent(world);
    const { fingerprint } = agent.licenses.enrolled ?? expect.unreachable();
    Object.assign(world.fingerprint, fingerprint);
    await agent.activate();
    agent.store.close();
    const components = { ...BOARD, boardSerial: ['BSN-2'], productUuid: ['other'] };
    const moved = openAgent(world, { ...agent, device: deviceOf(world, { components }) });
    expect(await stateOf(moved)).toBe('different_device');
    moved.store.close();
    expect(await stateOf(openAgent(world, agent))).toBe('active');
  });
});

describe('a refused answer leaves what is held as it was', () => {
  const otherRoot = generateSigningKey();
  const otherServer = generateSigningKey();

  const cases: [string, string, (world: World, nonce: string) => Promise<unknown>][] = [
    [
      'under another vendor root',
      'issuer_untrusted',
      async (world, nonce) =>
        world.tokenAnswer({ nonce }, { issuerCertificate: await world.certificate({}, otherRoot) }),
    ],
    [
      "under another server's certificate",
      'issuer_untrusted',
      async (world, nonce) =>
        world.tokenAnswer(
          { nonce },
          { issuerCertificate: await world.certificate({ cnf: { jwk: otherServer.jwk } }) },
        ),
    ],
    [
      'of another server',
      'issuer_mismatch',
      async (world, nonce) =>
        world.tokenAnswer({ nonce }, { issuerCertificate: await world.certificate({ sub: newId() }) }),
    ],
    [
      'under a certificate not valid at its iat',
      'issuer_certificate_not_valid',
      async (world, nonce) =>
        world.tokenAnswer({ nonce }, { issuerCertificate: await world.certificate({ nbf: NOW + 1 }) }),
    ],
    [
      'of alg none',
      'document_malformed',
      async (world, nonce) =>
        world.tokenAnswer(
          { nonce },
          {
            document: `${base64url(JSON.stringify({ alg: 'none', typ: licenseTokenDocument.typ, kid: world.serverKey.thumbprint }))}.${base64url(JSON.stringify(world.tokenClaims({ nonce })))}.`,
          },
        ),
    ],
    [
      'of alg none, with a signature',
      'document_wrong_type',
      (world, nonce) => forged(world, nonce, { alg: 'none' }),
    ],
    ['of HS256', 'document_wrong_type', (world, nonce) => forged(world, nonce, { alg: 'HS256' })],
    [
      'of a wrong typ',
      'document_wrong_type',
      (world, nonce) => forged(world, nonce, { typ: 'license-cert+jwt' }),
    ],
    ['to another request', 'answer_unexpected', (world) => world.tokenAnswer()],
    [
      'for another device key',
      'answer_for_another_device',
      (world, nonce) => world.tokenAnswer({ nonce, cnf: { jkt: otherServer.thumbprint } }),
    ],
    [
      'for another App',
      'answer_for_another_license',
      (world, nonce) => world.tokenAnswer({ nonce, appId: world.otherAppId }),
    ],
    [
      'of a SKU that was not bought',
      'terms_violated',
      (world, nonce) => world.tokenAnswer({ nonce, sku: { ...world.purchase.sku, product: 2 } }),
    ],
    [
      'of a longer license than was bought',
      'terms_violated',
      (world, nonce) => world.tokenAnswer({ nonce, expireTime: NOW + 3650 * DAY }),
    ],
    ['without terms', 'terms_missing', (world, nonce) => world.tokenAnswer({ nonce }, { terms: [] })],
    [
      'denying another request',
      'answer_unexpected',
      async (world) => world.denialAnswer('released', { license: await heldLicense(world) }),
    ],
    [
      'denying another key',
      'answer_for_another_device',
      async (world, nonce) =>
        world.denialAnswer('released', {
          nonce,
          license: await heldLicense(world),
          cnf: { jkt: otherServer.thumbprint },
        }),
    ],
    [
      'ending another license',
      'answer_for_another_license',
      (world, nonce) => world.denialAnswer('released', { nonce, license: newId() }),
    ],
    [
      'ending no license by name',
      'answer_for_another_license',
      (world, nonce) => world.denialAnswer('released', { nonce }),
    ],
    [
      'suspending another license',
      'answer_for_another_license',
      (world, nonce) => world.denialAnswer('suspended', { nonce, license: newId() }),
    ],
    ['of no shape', 'document_malformed', async () => ({ document: 'hello' })],
  ];

  const licenses = new WeakMap<World, string>();
  const heldLicense = async (world: World) => licenses.get(world) ?? expect.unreachable();

  async function forged(world: World, nonce: string, header: object) {
    const { typ } = licenseTokenDocument;
    const full = { alg: 'EdDSA', typ, kid: world.serverKey.thumbprint, ...header };
    return world.tokenAnswer(
      { nonce },
      { document: forge(full, world.tokenClaims({ nonce }), world.serverKey) },
    );
  }

  test.each(cases)('%s → %s', async (_, code, answer) => {
    const world = new World();
    const agent = openAgent(world);
    const token = await agent.activate();
    licenses.set(world, token.license);
    const before = agent.store.licenses.read(world.subject);
    const { jti } = await agent.request();
    const refused = await codeOf(async () =>
      agent.accept(await answer(world, jti), { channel: 'online', jti }),
    );
    expect(refused).toBe(code);
    expect(agent.store.licenses.read(world.subject)).toEqual(before);
    expect(await stateOf(agent)).toBe('active');
    expect(await stateOf(agent.restart())).toBe('active');
  });

  test('under a certificate with a lower serial than was seen before', async () => {
    const world = new World();
    const agent = openAgent(world);
    await agent.activate();
    const refresh = async (serial: number) => {
      const { jti } = await agent.request();
      const issuerCertificate = await world.certificate({ serial });
      const answer = await world.tokenAnswer({ nonce: jti }, { issuerCertificate });
      return codeOf(() => agent.accept(answer, { channel: 'online', jti }));
    };
    expect([await refresh(3), await refresh(2), await refresh(3)]).toEqual([
      'accepted',
      'issuer_serial_old',
      'accepted',
    ]);
  });

  test('that came as a file and is older than the token held', async () => {
    const world = new World();
    const agent = openAgent(world);
    const { jti } = await agent.request('refresh', 'file');
    const older = await world.tokenAnswer({ nonce: jti, iat: NOW - 1 });
    await agent.activate();
    expect(await codeOf(() => agent.accept(older, { channel: 'file' }))).toBe('answer_stale');
  });

  test('that answers a request made for the other channel', async () => {
    const world = new World();
    const agent = openAgent(world);
    const { jti } = await agent.request('refresh', 'file');
    const answer = await world.tokenAnswer({ nonce: jti });
    expect(await codeOf(() => agent.accept(answer, { channel: 'online', jti }))).toBe('answer_unexpected');
  });

  test('that was accepted before: an answer counts once', async () => {
    const world = new World();
    const agent = openAgent(world);
    const { jti } = await agent.request('activate');
    const answer = await world.tokenAnswer({ nonce: jti });
    const accept = () => codeOf(() => agent.accept(answer, { channel: 'online', jti }));
    expect([await accept(), await accept()]).toEqual(['accepted', 'answer_unexpected']);
  });
});

describe('denials', () => {
  async function denied(code: DenialCode) {
    const world = new World();
    const agent = openAgent(world);
    const { license } = await agent.activate();
    const { jti } = await agent.request();
    const answer = await world.denialAnswer(code, { nonce: jti, license });
    await agent.accept(answer, { channel: 'online', jti });
    return { world, agent, license };
  }

  test.each(['released', 'transferred', 'different_device'] as const)('%s ends the license', async (code) => {
    const { world, agent } = await denied(code);
    expect(await stateOf(agent)).toBe(code);
    expect(agent.store.licenses.read(world.subject)?.answer).toBeNull();
    expect(await stateOf(agent.restart())).toBe(code);
  });

  test('suspended pauses until a newer token comes', async () => {
    const { agent, license } = await denied('suspended');
    expect(await stateOf(agent)).toBe('suspended');
    const again = agent.restart();
    expect(await stateOf(again)).toBe('suspended');
    await again.activate({ license });
    expect(await stateOf(again)).toBe('active');
  });

  test.each(['quota_exhausted', 'not_preauthorized', 'unknown_license', 'license_expired'] as const)(
    '%s concerns the request alone',
    async (code) => {
      expect(await stateOf((await denied(code)).agent)).toBe('active');
    },
  );

  test('an ending denial where nothing is held says why nothing is', async () => {
    const world = new World();
    const agent = openAgent(world);
    const { jti } = await agent.request('activate');
    const answer = await world.denialAnswer('different_device', { nonce: jti });
    await agent.accept(answer, { channel: 'online', jti });
    expect(await stateOf(agent)).toBe('different_device');
  });
});

describe('what is stored is verified on every load', () => {
  async function tampered(change: (text: string, world: World) => string | Promise<string>) {
    const world = new World();
    const agent = openAgent(world);
    await agent.activate();
    const { answer } = agent.store.licenses.read(world.subject) ?? expect.unreachable();
    await overwrite(agent, world, await change(answer ?? '', world));
    const { verdict } = await agent.licenses.verdict();
    return [verdict.state, verdict.fault];
  }

  /** As somebody with an editor would, while the daemon runs. */
  async function overwrite(agent: ReturnType<typeof openAgent>, { subject }: World, answer: string) {
    const { default: Database } = await import('better-sqlite3');
    const database = new Database(agent.folder.store);
    database.prepare('UPDATE license SET answer = ? WHERE license_key = ?').run(answer, subject.licenseKey);
    database.close();
  }

  test('a changed character is found at once', async () => {
    expect(await tampered((text) => text.replace('A', 'B'))).toEqual(['invalid', expect.any(String)]);
  });

  test('a token in the place of another license is found', async () => {
    const [state, fault] = await tampered(async (_, world) =>
      JSON.stringify(await world.tokenAnswer({ licenseKey: 'SN-0002' })),
    );
    expect([state, fault]).toEqual(['invalid', 'answer_for_another_license']);
  });

  test('a denial in the place of the token is found', async () => {
    const [state, fault] = await tampered(async (_, world) =>
      JSON.stringify(await world.denialAnswer('suspended')),
    );
    expect([state, fault]).toEqual(['invalid', 'document_malformed']);
  });

  test('a suspension of another license beside the token is found', async () => {
    const world = new World();
    const agent = openAgent(world);
    const { license } = await agent.activate();
    const { answer = null } = agent.store.licenses.read(world.subject) ?? {};
    const { verifyHeld } = await import('../../agent/held-license.ts');
    const beside = async (named: string) => {
      const denial = JSON.stringify(await world.denialAnswer('suspended', { license: named }));
      return (await verifyHeld({ answer, denial, departed: null }, world.subject, [world.root])).fault?.code;
    };
    expect(await beside(license)).toBe(undefined);
    expect(await beside(newId())).toBe('answer_for_another_license');
  });

  test("another device's token is refused", async () => {
    const [state, fault] = await tampered(async (_, world) =>
      JSON.stringify(await world.tokenAnswer({ cnf: { jkt: generateSigningKey().thumbprint } })),
    );
    expect([state, fault]).toEqual(['invalid', 'answer_for_another_device']);
  });

  test("another device's whole store is refused, whatever LicenseKey it was for", async () => {
    const world = new World();
    const agent = openAgent(world);
    await agent.activate();
    agent.store.close();
    const other = { ...deviceOf(world, { key: generateSigningKey() }) };
    for (const licenseKey of [world.licenseKey, 'SN-0002']) {
      const device = { ...other, licenseKey: { ...other.licenseKey, licenseKey } };
      const copied = openAgent(world, { ...agent, device });
      const { verdict } = await copied.licenses.verdict();
      expect([verdict.state, verdict.fault]).toEqual(['invalid', 'answer_for_another_device']);
      copied.store.close();
    }
  });

  test('a token held under a certificate that ended since stays held', async () => {
    const world = new World();
    const agent = openAgent(world);
    const { jti } = await agent.request('activate');
    const issuerCertificate = await world.certificate({ exp: NOW + 1 });
    const answer = await world.tokenAnswer({ nonce: jti }, { issuerCertificate });
    await agent.accept(answer, { channel: 'online', jti });
    agent.clock.pass(30 * DAY);
    expect(await stateOf(agent.restart())).toBe('active');
  });

  test('any one bit of any stored document flipped, and every other spelling, is refused', async () => {
    const world = new World();
    const agent = openAgent(world);
    await agent.activate();
    const { answer: text } = agent.store.licenses.read(world.subject) ?? expect.unreachable();
    const answer = JSON.parse(text ?? '') as Answer;
    const { verifyHeld } = await import('../../agent/held-license.ts');
    const holds = async (changed: Answer) =>
      (
        await verifyHeld({ answer: JSON.stringify(changed), denial: null, departed: null }, world.subject, [
          world.root,
        ])
      ).fault === undefined;
    expect(await holds(answer)).toBe(true);

    const survivors: string[] = [];
    for (const [where, compact, put] of [
      ['document', answer.document, (document: string) => ({ ...answer, document })],
      [
        'certificate',
        answer.issuerCertificate,
        (issuerCertificate: string) => ({ ...answer, issuerCertificate }),
      ],
      ['terms', answer.terms[0] ?? '', (line: string) => ({ ...answer, terms: [line] })],
    ] as const) {
      for (const [what, changed] of spellings(compact)) {
        if (await holds(put(changed))) survivors.push(`${where}: ${what}`);
      }
    }
    expect(survivors).toEqual([]);
  }, 120_000);
});

/** Every text of the same length that differs in one bit, and other spellings of the same bytes. */
function* spellings(compact: string): Generator<[string, string]> {
  for (let at = 0; at < compact.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const flipped = String.fromCharCode(compact.charCodeAt(at) ^ (1 << bit));
      yield [`bit ${bit} of character ${at}`, compact.slice(0, at) + flipped + compact.slice(at + 1)];
    }
  }
  yield ['padding', `${compact}=`];
  yield ['line end', `${compact}\n`];
  yield ['base64', compact.replaceAll('-', '+').replaceAll('_', '/').concat('==')];
}

describe('requests', () => {
  test('carry a counter that only rises, over restarts too', async () => {
    const agent = openAgent(new World());
    await agent.activate();
    const counters = [];
    for (let each = agent; counters.length < 3; each = each.restart()) {
      const { compact } = await each.request();
      counters.push(licenseRequestDocument.parse(compact).claims.counter);
    }
    expect(counters).toEqual([2, 3, 4]);
  });

  test.each([-5, 2 ** 60])('are made again after the counter was damaged (%s)', async (damaged) => {
    const agent = openAgent(new World());
    await agent.activate();
    const database = new Database(agent.folder.store);
    database.prepare('UPDATE device SET request_counter = ?').run(BigInt(damaged));
    database.close();
    const first = licenseRequestDocument.parse((await agent.request()).compact).claims.counter;
    const second = licenseRequestDocument.parse((await agent.request()).compact).claims.counter;
    expect([first, second]).toEqual([1, 2]);
  });

  test('show the token that is held, and prove the enrollment on activation alone', async () => {
    const agent = openAgent(new World());
    await agent.activate();
    const refresh = licenseRequestDocument.parse((await agent.request()).compact).claims;
    const activate = licenseRequestDocument.parse((await agent.request('activate')).compact).claims;
    const { document } = await agent.licenses.held();
    expect([refresh.heldToken, refresh.enrollment]).toEqual([document, undefined]);
    expect(activate.enrollment?.hmac).toHaveLength(43);
  });

  test('an activation without an answer is made again under its jti, after a restart too', async () => {
    const agent = openAgent(new World());
    const first = await agent.request('activate');
    expect(await agent.request('activate')).toEqual(first);
    expect(await agent.restart().request('activate')).toEqual(first);
  });

  test('an activation that a person asks for does not pass as an automatic one', async () => {
    const agent = openAgent(new World());
    const automatic = await agent.request('activate');
    const asked = await agent.request('activate', 'online', { automatic: false });
    expect(asked.jti).not.toBe(automatic.jti);
    expect(licenseRequestDocument.parse(asked.compact).claims.automatic).toBe(false);
    expect((await agent.request('activate')).jti).toBe(asked.jti);
  });

  test('an activation under an earlier enrollment, or from beyond 90 days, is made anew', async () => {
    const world = new World();
    const agent = openAgent(world);
    const first = await agent.request('activate');
    agent.licenses.enroll(agent.folder.enrolled(deviceOf(world), world.enrollment()));
    const second = await agent.request('activate');
    expect(second.jti).not.toBe(first.jti);
    agent.licenses.clock.atLeast(NOW + 200 * DAY);
    expect((await agent.request('activate')).jti).not.toBe(second.jti);
  });

  test('a stored activation that was altered is not sent', async () => {
    const world = new World();
    const agent = openAgent(world);
    const first = await agent.request('activate');
    const { default: Database } = await import('better-sqlite3');
    const database = new Database(agent.folder.store);
    database.exec("UPDATE pending_request SET compact = replace(compact, 'A', 'B')");
    database.close();
    expect((await agent.request('activate')).jti).not.toBe(first.jti);
  });

  test('refreshes end with the process, so that a late answer counts for nothing', async () => {
    const world = new World();
    const agent = openAgent(world);
    await agent.activate();
    await agent.request();
    const activation = await agent.request('activate');
    agent.store.pending.removeEndedCalls();
    expect(agent.store.pending.of(world.subject).map(({ jti }) => jti)).toEqual([activation.jti]);
  });

  test('nothing is asked for without an enrollment', async () => {
    const agent = openAgent(new World());
    const { Licenses } = await import('../../agent/licenses.ts');
    const { device, store, clock } = agent.licenses;
    const licenses = new Licenses({ device, store, clock, enrolled: undefined });
    expect(await codeOf(() => licenses.prepare([]))).toBe('not_enrolled');
  });
});

describe('signed time', () => {
  test('a server whose clock was a year ahead for a day heals its devices by being asked again', async () => {
    const agent = openAgent(new World());
    const world = agent.folder.world;
    const issuerCertificate = await world.certificate({ exp: NOW + 9999 * DAY });
    await agent.activate();
    const refresh = async (iat: number) => {
      const { jti } = await agent.request();
      const answer = await world.tokenAnswer({ nonce: jti, iat, activationTime: NOW }, { issuerCertificate });
      await agent.accept(answer, { channel: 'online', jti });
    };
    await refresh(NOW + 360 * DAY);
    expect((await agent.licenses.verdict()).time.confirmed).toBe(NOW + 360 * DAY);
    agent.clock.pass(HOUR);
    await refresh(NOW + HOUR);
    const { verdict, time } = await agent.licenses.verdict();
    expect([verdict.state, time.now]).toEqual(['active', NOW + HOUR]);
  });

  test('a denial carries time as well as a token does', async () => {
    const world = new World();
    const agent = openAgent(world, {});
    agent.clock.wall = 0;
    const { jti } = await agent.request('activate');
    const document = await licenseDenialDocument.sign(
      world.denialClaims('quota_exhausted', { nonce: jti }),
      world.serverKey,
    );
    await agent.accept(await world.denialAnswer('quota_exhausted', {}, { document }), {
      channel: 'online',
      jti,
    });
    expect((await agent.licenses.verdict()).time).toEqual({ now: NOW, confirmed: NOW });
  });

  test('a token made for the future ends no later for an honest time that a later denial brings', async () => {
    const agent = openAgent(new World());
    const world = agent.folder.world;
    const ahead = NOW + 2 * 365 * DAY;
    const { jti } = await agent.request('activate');
    const future = await world.tokenAnswer({ nonce: jti, iat: ahead, activationTime: ahead });
    await agent.accept(future, { channel: 'online', jti });
    const next = await agent.request();
    const denial = await world.denialAnswer('quota_exhausted', { nonce: next.jti });
    await agent.accept(denial, { channel: 'online', jti: next.jti });
    agent.clock.pass(103 * DAY);
    expect(await stateOf(agent)).toBe('grace');
    agent.clock.pass(DAY);
    expect(await stateOf(agent)).toBe('expired');
  });

  test('a mark that was set low counts from the time the server signed', async () => {
    const agent = openAgent(new World());
    await agent.activate();
    agent.store.saveClockMark({ confirmed: 1, uptime: 1, bootId: 'x' });
    agent.store.close();
    agent.clock.reboot({ wall: 0 });
    expect((await openAgent(agent.folder.world, agent).licenses.verdict()).time.confirmed).toBe(NOW);
  });
});
