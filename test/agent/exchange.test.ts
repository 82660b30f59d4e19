import { describe, expect, test } from 'vitest';
import type { Answer } from '#core/documents/answer.ts';
import { parseLicenseRequest } from '#core/documents/license-request.ts';
import type { RequestFile } from '#core/documents/request-file.ts';
import { call, startAgent, until } from './running-agent.ts';
import { DAY, HOUR } from './support.ts';

const admin = { socket: 'admin' } as const;

/** A device whose server cannot be reached, and somebody who carries files. */
async function offline({ activated = true } = {}) {
  const agent = await startAgent({ enrolled: activated });
  const { daemon, server, folder, client } = agent;
  if (activated) await until(client, 'active');
  server.misbehave = () => 'close';
  if (!activated) await call(daemon, 'POST', '/v1/enrollment', { ...admin, body: folder.enrollment });
  const request = (body: object): Promise<RequestFile> =>
    call(daemon, 'POST', '/v1/requests', { ...admin, body });
  const answersTo = ({ licenseRequests }: RequestFile): Promise<Answer[]> =>
    Promise.all(licenseRequests.map((compact) => server.answer(parseLicenseRequest(compact).claims)));
  const bring = async (answers: readonly unknown[]) =>
    (await call(daemon, 'POST', '/v1/answers', { ...admin, body: { version: 1, answers } })).outcomes;
  return { ...agent, request, answersTo, bring };
}

test('an activation whose answer was lost brings nothing back when it is asked for again', async () => {
  for (const since of ['a newer token', 'suspended'] as const) {
    const { daemon, client, server, clock } = await startAgent();
    await until(client, 'active');
    const { license } = await client.status();
    // Done by the server, which remembers it, and never heard of.
    server.misbehave = async (asked) => {
      await server.answer(asked);
      return 'close' as const;
    };
    const activate = () => call(daemon, 'POST', '/v1/activate', admin).catch(() => undefined);
    await activate();
    clock.pass(60 * DAY);
    server.misbehave =
      since === 'suspended' ? (asked) => server.deny(asked, since, license as string) : undefined;
    await call(daemon, 'POST', '/v1/refresh', admin).catch(() => undefined);
    const known = await client.status();
    server.misbehave =
      since === 'suspended' ? (asked) => (asked.purpose === 'activate' ? undefined : 'close') : undefined;
    server.now = () => clock.wall - 1;
    await activate();
    expect([since, server.requests.filter(({ purpose }) => purpose === 'activate').at(-1)?.jti]).not.toEqual([
      since,
      server.requests.filter(({ purpose }) => purpose === 'activate').at(-2)?.jti,
    ]);
    if (since !== 'suspended') expect((await client.status()).usableUntil).toBe((known.usableUntil ?? 0) - 1);
  }
});

describe('without a network', () => {
  test('a device activates, refreshes and gives its license up by files', async () => {
    const { request, answersTo, bring, client, world, clock, server } = await offline({ activated: false });
    const { licenseKey } = world;
    expect(await bring(await answersTo(await request({ purpose: 'activate' })))).toEqual([
      { licenseKey, outcome: 'ok' },
    ]);
    expect((await client.status()).state).toBe('active');
    clock.pass(60 * DAY);
    expect(await bring(await answersTo(await request({ purpose: 'refresh' })))).toEqual([
      { licenseKey, outcome: 'ok' },
    ]);
    expect((await client.status()).usableUntil).toBe(clock.wall + 104 * DAY);
    const release = await request({ purpose: 'release' });
    expect((await client.status()).state).toBe('released');
    expect(await bring(await answersTo(release))).toEqual([{ licenseKey, outcome: 'released' }]);
    expect((await client.status()).state).toBe('released');
    expect(server.seats.size).toBe(1);
  });

  test('an answer that was kept back brings nothing back that was given up or taken away since', async () => {
    for (const ending of ['released', 'transferred', 'suspended', 'different_device'] as const) {
      const { request, answersTo, bring, client, clock, server, daemon } = await offline();
      const { license } = await client.status();
      const kept = await answersTo(await request({ purpose: 'refresh' }));
      clock.pass(DAY);
      if (ending === 'released' || ending === 'transferred') {
        const purpose = ending === 'released' ? 'release' : 'transfer';
        const departure = await request({
          purpose,
          ...(ending === 'transferred' && { toLicenseKey: 'SN-0002' }),
        });
        // Neither before the server has said so nor after.
        expect(await bring(kept)).toMatchObject([{ outcome: 'answer_unexpected' }]);
        expect((await client.status()).state).toBe(ending);
        await bring(await answersTo(departure));
      } else {
        server.misbehave = (asked) => server.deny(asked, ending, license as string);
        await call(daemon, 'POST', '/v1/refresh', admin).catch(() => {});
        server.misbehave = () => 'close';
      }
      expect((await client.status()).state).toBe(ending);
      expect([ending, await bring(kept)]).toMatchObject([ending, [{}]]);
      expect([ending, (await client.status()).state]).toEqual([ending, ending]);
    }
  });

  test('of answers that come together the newest counts, in whatever order', async () => {
    const { request, answersTo, bring, client, clock } = await offline();
    const older = await answersTo(await request({ purpose: 'refresh' }));
    clock.pass(30 * DAY);
    const newer = await answersTo(await request({ purpose: 'refresh' }));
    expect(await bring([...newer, ...older])).toMatchObject([{ outcome: 'ok' }, { outcome: 'answer_stale' }]);
    expect((await client.status()).usableUntil).toBe(clock.wall + 104 * DAY);
  });

  test('a clock that was a year ahead for a minute ends no waiting request', async () => {
    const { request, answersTo, bring, clock } = await offline();
    const waiting = await request({ purpose: 'refresh' });
    clock.wall += 366 * DAY;
    const ahead = await request({ purpose: 'refresh' });
    clock.wall -= 366 * DAY;
    clock.pass(DAY);
    expect(await bring(await answersTo(waiting))).toMatchObject([{ outcome: 'ok' }]);
    expect(await bring(await answersTo(ahead))).toMatchObject([{ outcome: 'ok' }]);
  });

  test('a request waits for its answer for 90 days, also where no other was made since', async () => {
    const { request, answersTo, bring, clock } = await offline();
    const [early, late] = [await request({ purpose: 'refresh' }), await request({ purpose: 'refresh' })];
    clock.pass(90 * DAY);
    expect(await bring(await answersTo(early))).toMatchObject([{ outcome: 'ok' }]);
    // An hour of running time, and the clock is believed.
    clock.pass(HOUR + 1);
    expect(await bring(await answersTo(late))).toMatchObject([{ outcome: 'answer_unexpected' }]);
  });

  test('a device that was off for months waits no less for the answer to what it asks when it is on again', async () => {
    const { request, answersTo, bring, clock } = await offline();
    clock.reboot({ offSeconds: 80 * DAY });
    const waiting = await request({ purpose: 'refresh' });
    clock.pass(60 * DAY);
    expect(await bring(await answersTo(waiting))).toMatchObject([{ outcome: 'ok' }]);
  });

  test('a transfer to nobody is refused before anything is given up', async () => {
    const { daemon, client } = await offline();
    await expect(
      call(daemon, 'POST', '/v1/requests', { ...admin, body: { purpose: 'transfer' } }),
    ).rejects.toMatchObject({ code: 'parameter_missing' });
    expect((await client.status()).state).toBe('active');
  });

  test('a transfer names whom it goes to, and holds nothing from then on', async () => {
    const { request, answersTo, bring, client, world } = await offline();
    const file = await request({ purpose: 'transfer', toLicenseKey: 'SN-0002' });
    expect(parseLicenseRequest(file.licenseRequests[0]).claims.toLicenseKey).toBe('SN-0002');
    expect((await client.status()).state).toBe('transferred');
    expect(await bring(await answersTo(file))).toEqual([
      { licenseKey: world.licenseKey, outcome: 'transferred' },
    ]);
  });

  test('a server that refuses a transfer gives the license back', async () => {
    const { request, bring, server, client } = await offline();
    const { licenseRequests } = await request({ purpose: 'transfer', toLicenseKey: 'SN-0002' });
    const { claims } = parseLicenseRequest(licenseRequests[0]);
    server.misbehave = undefined;
    expect(await bring([await server.deny(claims, 'transfer_refused')])).toMatchObject([
      { outcome: 'transfer_refused' },
    ]);
    await until(client, 'active');
  });

  test('an answer that is stale, replayed, damaged, foreign or none does no harm', async () => {
    const { request, answersTo, bring, client, clock, world } = await offline();
    const early = await request({ purpose: 'refresh' });
    const [old] = await answersTo(early);
    clock.pass(DAY);
    const [newer] = await answersTo(await request({ purpose: 'refresh' }));
    expect(await bring([newer])).toMatchObject([{ outcome: 'ok' }]);
    const { usableUntil } = await client.status();
    const foreign = await world.tokenAnswer();
    const damaged = { ...newer, document: newer?.document.replace(/.$/, 'A') };
    const problem = { code: 401, error: 'enrollment_rejected', message: 'no' };
    const outcomes = await bring([old, newer, damaged, foreign, problem, 7, {}]);
    expect(outcomes.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'answer_stale',
      'answer_unexpected',
      expect.stringMatching(/signature_invalid|document_malformed|answer_unexpected/),
      expect.stringMatching(/^answer_/),
      'enrollment_rejected',
      'document_malformed',
      'document_malformed',
    ]);
    expect(await client.status()).toMatchObject({ state: 'active', usableUntil });
  });

  test('eight requests of a license wait, for ninety days', async () => {
    const { request, answersTo, bring, clock } = await offline();
    const files = [];
    for (let made = 0; made < 9; made += 1) files.push(await request({ purpose: 'refresh' }));
    const [first, second] = files;
    expect(await bring(await answersTo(first as RequestFile))).toMatchObject([
      { outcome: 'answer_unexpected' },
    ]);
    expect(await bring(await answersTo(second as RequestFile))).toMatchObject([{ outcome: 'ok' }]);
    clock.pass(91 * DAY);
    await request({ purpose: 'refresh' });
    expect(await bring(await answersTo(files[5] as RequestFile))).toMatchObject([
      { outcome: 'answer_unexpected' },
    ]);
  });
});
