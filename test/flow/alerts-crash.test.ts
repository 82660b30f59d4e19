import { expect, test } from 'vitest';
import { channelConfig } from '../support/alerting.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { type Received, Receiver, verifyWebhook, WEBHOOK_SECRET } from '../support/receiver.ts';
import { createServerFolder } from '../support/server-folder.ts';
import { clientOf, serve } from './server-process.ts';

endClusterAfterAll();

/** LicenseKeys that a receiver was told of. */
function toldOf(received: readonly Received[]): Set<string> {
  return new Set(
    received.flatMap(({ body }) =>
      JSON.parse(body).data.licenses.map(({ licenseKey }: { licenseKey: string }) => licenseKey),
    ),
  );
}

const environment = (receiver: Receiver) => ({
  LICENSE_SERVER_ALERT_CHANNELS: JSON.stringify([
    channelConfig({ url: receiver.url, events: ['license.activated'] }),
  ]),
  // The claim of a killed server ends a few times this later.
  LICENSE_SERVER_ALERT_TIMEOUT_SECONDS: '1',
});

test.each(ENGINES)(
  'kill -9 between an activation and its alert, and while alerts are being sent: none is lost (%s)',
  async (engine) => {
    const folder = await createServerFolder({
      engine,
      lines: (world) => [{ ...world.purchase, count: 1000 }],
    });
    const receiver = await Receiver.start();
    const env = environment(receiver);
    const acknowledged = new Set<string>();
    const activate = async (life: string, count: number, url: Parameters<typeof clientOf>[0]) => {
      const client = clientOf(url, folder);
      const keys = Array.from({ length: count }, (_, index) => `SN-${life}-${index}`).values();
      await Promise.all(
        Array.from({ length: 10 }, async () => {
          for (const key of keys) {
            const answer = await client.activate(key).catch(() => undefined);
            if (answer?.status === 200) acknowledged.add(key);
          }
        }),
      );
    };

    // The first life ends while the receiver holds a request, others are queued, others not even noticed.
    const taken: Received[] = [];
    receiver.answering = (response, request, index) => {
      if (index >= 2) return;
      taken.push(request);
      response.end();
    };
    const first = await serve(folder, { env });
    const killed = receiver.until((received) => received.length >= 3).then(() => first.end('SIGKILL'));
    await activate('a', 100, first);
    await activate('b', 300, first);
    await killed;
    expect(toldOf(taken).size).toBeLessThan(acknowledged.size);

    // The second is killed as soon as its last activation was answered.
    receiver.answering = (response) => void response.writeHead(503).end();
    const second = await serve(folder, { env });
    await activate('c', 100, second);
    await second.end('SIGKILL');

    receiver.answering = (response, request) => {
      taken.push(request);
      response.end();
    };
    const third = await serve(folder, { env });
    await receiver.until(() => toldOf(taken).isSupersetOf(acknowledged));
    // Of the first life too, not of the second alone.
    expect(acknowledged.size).toBeGreaterThan(100);
    const bodies = new Map<unknown, string>();
    for (const request of receiver.received) {
      verifyWebhook(request, WEBHOOK_SECRET, Number(request.headers['webhook-timestamp']));
      const id = request.headers['webhook-id'];
      // Told twice is told alike, under the same id.
      expect(bodies.get(id) ?? request.body).toBe(request.body);
      bodies.set(id, request.body);
    }
    await third.end('SIGTERM');
  },
  120_000,
);

test('a server that is told to end does not wait for a receiver that hangs', async () => {
  const folder = await createServerFolder();
  const receiver = await Receiver.start(() => {});
  const env = { ...environment(receiver), LICENSE_SERVER_ALERT_TIMEOUT_SECONDS: '60' };
  const server = await serve(folder, { env });
  await clientOf(server, folder).activate('SN-1');
  await receiver.until((received) => received.length === 1);
  const begin = performance.now();
  await server.end('SIGTERM');
  expect(performance.now() - begin).toBeLessThan(10_000);
  expect(server.child.exitCode).toBe(0);
});
