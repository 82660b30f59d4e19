import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { askDaemon } from '../../agent/client/ask-daemon.ts';
import { LicenseClient } from '../../agent/client.ts';
import { bundle } from '../../scripts/bundle.ts';
import { fieldServer } from './fielded.ts';
import { type BenchOptions, p99, type Result, resultOf } from './measure.ts';
import { startNode } from './processes.ts';

const P99_MS = 20;

/**
 * From the moment in which the server's answer leaves it to the one in which an application hears of the change: the
 * answer is verified, stored and synced, the license evaluated, the event written, read and parsed.
 */
export async function events({ quick, progress }: BenchOptions): Promise<Result[]> {
  const fielded = await fieldServer(100);
  const wire = await timedWire(fielded.url);
  const program = await bundle('license-agent', join(import.meta.dirname, '../../dist'));
  const env = fielded.agentEnvironment('events', fielded.enrollment(wire.url));
  const agent = await startNode([program, 'run', '--json'], env);
  const { agentSocket, adminSocket } = JSON.parse(agent.line);
  const client = new LicenseClient({ socket: agentSocket });
  try {
    let state = '';
    let heard = Promise.withResolvers<number>();
    client.on('change', (status) => {
      if (status.state === state) return;
      state = status.state;
      heard.resolve(performance.now());
      heard = Promise.withResolvers();
    });
    client.listen();
    while (state !== 'active') await heard.promise;
    const delays: number[] = [];
    const times = quick ? 100 : 400;
    progress(`events: ${times} changes`);
    for (let change = 0; change < times; change += 1) {
      // Two changes that each need the server's word: a license given up, and asked for again.
      await askDaemon(adminSocket, { method: 'POST', path: '/v1/release', timeoutMs: 10_000 });
      const next = heard.promise;
      await askDaemon(adminSocket, { method: 'POST', path: '/v1/activate', timeoutMs: 10_000 });
      delays.push((await next) - wire.answeredAt());
    }
    return [
      resultOf(
        {
          ...{ name: 'events.p99', unit: 'ms', goal: { atMost: 1 } },
          limitIs: `goal; ${delays.length} changes, from the server's answer to the application`,
        },
        [{ value: p99(delays), limit: P99_MS }],
      ),
    ];
  } finally {
    client.close();
    await agent.stop();
    wire.close();
    await fielded.stop();
  }
}

/** Passes calls on, and notes when an answer went through. */
async function timedWire(target: string) {
  let answered = 0;
  const wire = createServer((incoming, outgoing) => {
    const { method = 'GET', headers, url } = incoming;
    const onward = request(new URL(url ?? '', target), { method, headers }, async (answer) => {
      const body = Buffer.concat(await answer.toArray());
      answered = performance.now();
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(body);
    });
    incoming.pipe(onward);
  });
  wire.listen(0, '127.0.0.1');
  await once(wire, 'listening');
  return {
    url: `http://127.0.0.1:${(wire.address() as AddressInfo).port}`,
    answeredAt: () => answered,
    close() {
      wire.close();
      wire.closeAllConnections();
    },
  };
}
