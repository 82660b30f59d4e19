import { describe, expect, test } from 'vitest';
import { AlertQueue } from '../../server-stub/alerts/alert-queue.ts';
import { retryDeliveries, troubledDeliveries } from '../../server-stub/alerts/overview.ts';
import { activateMany, alertsOf, openTestChannels, queuedEvents } from '../support/alerting.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { type Answering, Receiver, verifyWebhook, WEBHOOK_SECRET } from '../support/receiver.ts';
import { TestServer } from '../support/server.ts';
import { SmtpSink } from '../support/smtp-sink.ts';

endClusterAfterAll();

const DAY = 86_400;
const events = ['license.activated' as const];
const NEVER = new AbortController().signal;

const start = (engine: (typeof ENGINES)[number], count = 100) =>
  TestServer.start({ engine, lines: (world) => [{ ...world.purchase, count }] });

const status =
  (code: number, headers: Record<string, string> = {}): Answering =>
  (response) =>
    void response.writeHead(code, headers).end();

const deliveriesOf = ({ store }: TestServer) =>
  store.reader.selectFrom('alert_delivery').selectAll().orderBy('event_id').execute();

/** Queues so many events of one activation each. */
async function queueSingly(server: TestServer, alerts: { noticeChanges(): Promise<void> }, count: number) {
  for (let index = 0; index < count; index += 1) {
    await activateMany(server, 1, `ONE-${index}-`);
    await alerts.noticeChanges();
  }
}

/** RFC 2045 §6.7. */
function quotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}

describe.each(ENGINES)('delivery, store in %s', (engine) => {
  test('delivered once, verifiable, and then never again', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start();
    const alerts = await alertsOf(server, [{ url: receiver.url, events }]);
    await activateMany(server, 3);
    await alerts.noticeChanges();
    for (let round = 0; round < 2; round += 1) await alerts.deliver();
    server.clock.time += 10 * DAY;
    await alerts.deliver();
    expect(receiver.received).toHaveLength(1);
    const body = verifyWebhook(receiver.received[0] as never, WEBHOOK_SECRET, server.clock.time - 10 * DAY);
    expect(body).toMatchObject({ type: 'license.activated', data: { count: 3 } });
    expect(await deliveriesOf(server)).toMatchObject([{ state: 'delivered', attempts: 1, last_error: null }]);
  });

  test('a receiver that fails is tried again, ever more seldom, with the same id, until it takes the event', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start(status(500));
    const alerts = await alertsOf(server, [{ url: receiver.url, events }]);
    await activateMany(server, 1);
    await alerts.noticeChanges();
    const begin = server.clock.time;
    const attemptsAt: number[] = [];
    for (; server.clock.time < begin + 200; server.clock.time += 1) {
      await alerts.deliver();
      if (receiver.received.length > attemptsAt.length) attemptsAt.push(server.clock.time - begin);
    }
    expect(attemptsAt).toEqual([0, 8, 23, 53, 113]);
    receiver.answering = status(200);
    server.clock.time = begin + 300;
    await alerts.deliver();
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await deliveriesOf(server)).toMatchObject([{ state: 'delivered', attempts: 6 }]);
  });

  test('Retry-After is honoured, for the whole channel', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start(status(429, { 'retry-after': '120' }));
    const alerts = await alertsOf(server, [{ url: receiver.url, events }]);
    await queueSingly(server, alerts, 3);
    await alerts.deliver();
    receiver.answering = status(200);
    server.clock.time += 119;
    await alerts.deliver();
    expect(receiver.received).toHaveLength(1);
    server.clock.time += 1;
    await alerts.deliver();
    expect(receiver.received).toHaveLength(4);
  });

  test('a receiver that is down is asked with one event, not with all', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start(status(503));
    const alerts = await alertsOf(server, [{ url: receiver.url, events }]);
    await queueSingly(server, alerts, 20);
    await alerts.deliver();
    expect(receiver.received).toHaveLength(1);
    expect((await deliveriesOf(server)).filter(({ attempts }) => attempts === 0)).toHaveLength(19);
    receiver.answering = status(204);
    server.clock.time += 60;
    await alerts.deliver();
    expect((await deliveriesOf(server)).every(({ state }) => state === 'delivered')).toBe(true);
    expect(receiver.received).toHaveLength(21);
  });

  test('one event that a receiver refuses holds up no other', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start(
      (response, { body }) => void response.writeHead(body.includes('ONE-0-0') ? 422 : 200).end(),
    );
    const alerts = await alertsOf(server, [{ url: receiver.url, events }]);
    await queueSingly(server, alerts, 12);
    await alerts.deliver();
    expect((await deliveriesOf(server)).map(({ state }) => state)).toEqual([
      'waiting',
      ...Array.from({ length: 11 }, () => 'delivered'),
    ]);
  });

  test('given up after three days, and tried anew when the operator asks', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start(status(500));
    const alerts = await alertsOf(server, [{ url: receiver.url, events }]);
    await activateMany(server, 1);
    await alerts.noticeChanges();
    for (let hour = 0; hour <= 80; hour += 1) {
      await alerts.deliver();
      server.clock.time += 3600;
    }
    expect(await deliveriesOf(server)).toMatchObject([{ state: 'given_up' }]);
    const attempts = receiver.received.length;
    expect(attempts).toBeGreaterThan(12);
    const [trouble] = await troubledDeliveries(server.store.reader, 10);
    expect(trouble).toMatchObject({ channel: 'hook', state: 'given_up', problem: { en: 'HTTP 500' } });

    receiver.answering = status(200);
    const retried = await server.store.write(server.clock.now(), (transaction) =>
      retryDeliveries(transaction, server.clock.now(), 'hook'),
    );
    expect(retried).toBe(1);
    await alerts.deliver();
    expect(receiver.received).toHaveLength(attempts + 1);
    expect(await deliveriesOf(server)).toMatchObject([{ state: 'delivered' }]);
  });

  test('a receiver that hangs holds up nobody else', async () => {
    const server = await start(engine);
    const [silent, other] = [await Receiver.start(() => {}), await Receiver.start()];
    const alerts = await alertsOf(server, [
      { name: 'silent', url: silent.url, events },
      { name: 'other', url: other.url, events },
    ]);
    await activateMany(server, 1);
    await alerts.noticeChanges();
    const ended = new AbortController();
    const out = alerts.setOut(ended.signal);
    expect(out).toHaveLength(2);
    await other.until((received) => received.length === 1);
    await silent.until((received) => received.length === 1);
    // The silent one is still out, so nobody else sets out for it.
    await out[1];
    expect(alerts.setOut(ended.signal)).toHaveLength(1);
    ended.abort();
    await Promise.all(out);
    const found = await deliveriesOf(server);
    expect(found.find(({ channel }) => channel === 'silent')).toMatchObject({
      state: 'waiting',
      attempts: 0,
      claimed_until: 0,
    });
  });

  test('what was under way when a server ended is sent by the next, at once', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start(() => {});
    const alerts = await alertsOf(server, [{ url: receiver.url, events }]);
    await activateMany(server, 1);
    await alerts.noticeChanges();
    const ended = new AbortController();
    const delivering = alerts.deliver(ended.signal);
    await receiver.until((received) => received.length === 1);
    ended.abort();
    await delivering;
    receiver.answering = status(200);
    await (await alertsOf(server, [{ url: receiver.url, events }])).deliver();
    expect(receiver.received).toHaveLength(2);
    expect(await deliveriesOf(server)).toMatchObject([{ state: 'delivered', attempts: 1 }]);
  });

  test('two servers share the work and send nothing twice', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start();
    const [one, two] = [
      await alertsOf(server, [{ url: receiver.url, events }]),
      await alertsOf(server, [{ url: receiver.url, events }]),
    ];
    await queueSingly(server, one, 50);
    await Promise.all([one.deliver(), two.deliver()]);
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([50, 50]);
  });

  test('the claim of a server that was killed ends by itself', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start();
    const configs = [{ url: receiver.url, events }];
    const alerts = await alertsOf(server, configs);
    await activateMany(server, 1);
    await alerts.noticeChanges();
    const killed = new AlertQueue(server.store, await openTestChannels(configs), { digestSeconds: 60 });
    expect(await killed.claim('hook', server.clock.time, { most: 9, seconds: 45 })).toHaveLength(1);
    server.clock.time += 44;
    await alerts.deliver();
    expect(receiver.received).toHaveLength(0);
    server.clock.time += 1;
    await alerts.deliver();
    expect(receiver.received).toHaveLength(1);
  });

  test('what a server delivered stays delivered, whatever one whose claim had ended says later', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start();
    const configs = [{ url: receiver.url, events }];
    const alerts = await alertsOf(server, configs);
    await activateMany(server, 1);
    await alerts.noticeChanges();
    const slow = new AlertQueue(server.store, await openTestChannels(configs), { digestSeconds: 60 });
    const [claimed] = await slow.claim('hook', server.clock.time, { most: 9, seconds: 45 });
    server.clock.time += 60;
    await alerts.deliver();
    const problem = { en: 'HTTP 500', zh: 'HTTP 500' };
    await slow.settle('hook', server.clock.time, [
      { eventId: claimed?.event_id ?? '', outcome: 'failed', problem, waitSeconds: 10 },
    ]);
    expect(await deliveriesOf(server)).toMatchObject([{ state: 'delivered', attempts: 1 }]);
  });

  test('people get one message of all that happened within a minute: counts, twenty names, how many more', async () => {
    const server = await start(engine, 260);
    const sink = await SmtpSink.start();
    const robot = await Receiver.start((response) => void response.end('{"errcode":0}'));
    const mail = {
      kind: 'email',
      from: 'a@example.org',
      to: ['b@example.org'],
      url: `smtp://${sink.host}`,
    } as const;
    const alerts = await alertsOf(server, [
      { ...mail, name: 'mail', to: [...mail.to], language: 'en' },
      { name: 'robot', kind: 'wecom', url: robot.url },
    ]);
    await activateMany(server, 250);
    await alerts.noticeChanges();
    server.clock.time += 59;
    await alerts.deliver();
    expect([sink.mails.length, robot.received.length]).toEqual([0, 0]);
    server.clock.time += 1;
    for (let round = 0; round < 2; round += 1) await alerts.deliver();
    expect([sink.mails.length, robot.received.length]).toEqual([1, 1]);

    const text: string = robot.bodies[0].text.content;
    const lines = text.split('\n');
    expect(lines.slice(0, 2)).toEqual([
      `许可证服务器提醒：Test School（${server.world.cid}）`,
      '已激活 250 个 License',
    ]);
    expect(lines[2]).toMatch(/^• SN-\d+（App 0），2027-03-01 08:00 到期$/);
    expect(lines[22]).toBe('……另有 230 个');
    expect(lines[24]).toBe('License 额度即将用完');
    expect(lines[25]).toBe(`• 共享额度：PID ${server.world.purchase.pid} 已用 250 / 260，剩余 10`);
    const english = quotedPrintable(sink.mails[0]?.text ?? '');
    expect(english).toMatch(/^Subject: License server: Test School \(/m);
    expect(english).toContain('250 licenses activated\n');
    expect(english).toContain('… and 230 more\n');
    expect(english).toContain('• SN-0 (App 0), ends 2027-03-01 08:00\n');
  });

  test('a message that failed comes back together with what happened meanwhile', async () => {
    const server = await start(engine);
    const robot = await Receiver.start((response) => void response.end('{"errcode":-1,"errmsg":"busy"}'));
    const alerts = await alertsOf(server, [{ name: 'robot', kind: 'wecom', url: robot.url, events }]);
    await activateMany(server, 2);
    await alerts.noticeChanges();
    server.clock.time += 60;
    await alerts.deliver();
    expect(await deliveriesOf(server)).toMatchObject([{ state: 'waiting', attempts: 1 }]);
    await activateMany(server, 3, 'B-');
    await alerts.noticeChanges();
    robot.answering = (response) => void response.end('{"errcode":0,"errmsg":"ok"}');
    server.clock.time += 120;
    await alerts.deliver();
    expect(robot.received).toHaveLength(2);
    expect(robot.bodies[1].text.content).toContain('已激活 5 个 License');
  });

  test('a clock that was years ahead leaves nothing waiting for years', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start(status(500));
    const alerts = await alertsOf(server, [{ url: receiver.url, events }]);
    await activateMany(server, 1);
    const begin = server.clock.time;
    await alerts.noticeChanges();
    server.clock.time = begin + 1000 * DAY;
    await alerts.deliver();
    receiver.answering = status(200);
    server.clock.time = begin + 60;
    await alerts.deliver();
    expect(receiver.received.length).toBeGreaterThan(0);
    const [delivery] = await deliveriesOf(server);
    // Tried for three days by that clock: the operator may ask for it, or it was delivered.
    expect(['given_up', 'delivered']).toContain(delivery?.state);
  });

  test('events are forgotten after thirty days, whatever became of them', async () => {
    const server = await start(engine);
    const receiver = await Receiver.start();
    const alerts = await alertsOf(server, [
      { url: receiver.url, events },
      { name: 'gone', url: 'http://127.0.0.1:1', events },
    ]);
    await queueSingly(server, alerts, 3);
    await alerts.deliver(NEVER);
    server.clock.time += 31 * DAY;
    await activateMany(server, 1, 'NEW-');
    await alerts.noticeChanges();
    await alerts.prune();
    expect(await queuedEvents(server)).toMatchObject([{ data: { licenses: [{ licenseKey: 'NEW-0' }] } }]);
    expect(await deliveriesOf(server)).toHaveLength(2);
  });
});
