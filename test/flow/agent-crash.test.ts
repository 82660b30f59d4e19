import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { TestServer } from '../support/server.ts';
import { AgentFolder } from './agent-folder.ts';
import type { Running } from './program.ts';

/** A wire to a server that lets requests through, and can lose an answer on its way back. */
async function wireTo(
  serverUrl: string,
): Promise<{ url: string; loseNextAnswer(onLost: () => Promise<void>): void }> {
  let lose: (() => Promise<void>) | undefined;
  const wire = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const onward = request(
      new URL(url ?? '', serverUrl),
      { method: method ?? 'GET', headers },
      async (answer) => {
        const body = Buffer.concat(await answer.toArray());
        const onLost = lose;
        lose = undefined;
        if (onLost === undefined)
          return outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(body);
        await onLost();
        return outgoing.destroy();
      },
    );
    incoming.pipe(onward);
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  onTestFinished(() => {
    wire.close();
    wire.closeAllConnections();
  });
  const { port } = wire.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    loseNextAnswer: (onLost) => {
      lose = onLost;
    },
  };
}

test('kill -9 of the agent between sending and storing: it ends active with the one license', async () => {
  const server = await TestServer.start();
  server.clock.run();
  const wire = await wireTo(server.url);
  const device = new AgentFolder(server.folder.rootsFile);
  const enrollment = await server.enrollment({ expiresAt: server.clock.now() + 86_400 });
  await device.enroll({ ...enrollment, serverUrls: [wire.url] });

  const lost = Promise.withResolvers<void>();
  const daemon = Promise.withResolvers<Running>();
  wire.loseNextAnswer(async () => {
    await (await daemon.promise).end('SIGKILL');
    lost.resolve();
  });
  daemon.resolve(await device.daemon());
  await lost.promise;
  const [activated] = await server.store.reader.selectFrom('license').select('license').execute();
  expect(activated).toBeDefined();
  expect(await device.checkExit()).toBe(3);

  await device.daemon();
  await device.checkUntil(0);
  const status = JSON.parse((await device.command(['status', '--json'])).stdout);
  expect(status).toMatchObject({ state: 'active', license: activated?.license });
  const [quota] = await server.store.reader.selectFrom('quota').select('used').execute();
  expect(quota?.used).toBe(1);
});
