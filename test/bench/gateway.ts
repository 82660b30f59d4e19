import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { askDaemon } from '../../agent/client/ask-daemon.ts';
import type { AgentStatus, HeldOutcome } from '../../agent/client/local-answers.ts';
import { bundleFile } from '../../scripts/bundle.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { type Fielded, fieldServer } from './fielded.ts';
import { type BenchOptions, PeakMemory, type Result, residentMiB, resultOf } from './measure.ts';

const CALL = 1000;
const STEP_SECONDS = 60;
const DAY_STEPS = 1440 + 120;
/** What each license may cost beside one agent's memory, in KiB, and the share above it. */
const KIB_EACH = 1;
const SHARE = 1.5;

/**
 * A gateway that activates licenses for others and refreshes each over a day of simulated time, beside an agent with one
 * license through the same day: resident memory after it, and at its highest.
 */
export async function gateway({ quick, progress }: BenchOptions): Promise<Result[]> {
  const count = quick ? 1_000 : 10_000;
  const program = join(import.meta.dirname, '../../dist/simulated-agent.cjs');
  await bundleFile(join(import.meta.dirname, 'simulated-agent.ts'), program);
  const fielded = await fieldServer(count + 10);
  const one = await start(program, fielded, 'one', {});
  const many = await start(program, fielded, 'many', { LICENSE_AGENT_OWN_LICENSE: 'false' });
  try {
    progress('gateway: a day of one license');
    while ((await one.status()).state !== 'active') await one.pass(1);
    for (let step = 0; step < DAY_STEPS; step += 1) await one.pass(STEP_SECONDS);
    await setTimeout(3000);
    const oneMiB = residentMiB(one.pid);

    const peak = new PeakMemory(many.pid);
    for (let begin = 0; begin < count; begin += CALL) {
      progress(`gateway: ${begin} of ${count} licenses activated`);
      const licenseKeys = Array.from({ length: CALL }, (_, index) => `CAM-${begin + index}`);
      const outcomes = await many.add(licenseKeys);
      const refused = outcomes.find(({ outcome }) => outcome !== 'ok');
      if (refused) throw new Error(`${refused.licenseKey}: ${refused.outcome}`);
    }
    progress(`gateway: a day of ${count} licenses`);
    for (let step = 0; step < DAY_STEPS; step += 1) await many.pass(STEP_SECONDS);
    const { held } = await many.status();
    const refreshed = await refreshedLicenses(fielded, count);
    if (held !== count || refreshed < count)
      throw new Error(`of ${count} licenses ${held} are held and ${refreshed} were refreshed`);
    await setTimeout(3000);
    const limit = oneMiB * SHARE + (count * KIB_EACH) / 1024;
    const limitIs = `${SHARE} × an agent with one license (${oneMiB.toFixed(0)} MiB) + ${KIB_EACH} KiB each, ${count} licenses`;
    return [
      resultOf({ name: 'gateway.memory', unit: 'MiB', limitIs, goal: { atMost: 1 } }, [
        { value: residentMiB(many.pid), limit },
      ]),
      resultOf(
        {
          name: 'gateway.memory.peak',
          unit: 'MiB',
          limitIs: `the same, at its highest`,
          goal: { atMost: 1 },
        },
        [{ value: peak.stop(), limit }],
      ),
    ];
  } finally {
    for (const { stop } of [one, many]) await stop();
    await fielded.stop();
  }
}

async function start(program: string, fielded: Fielded, name: string, env: Record<string, string>) {
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, ...fielded.agentEnvironment(name), ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { agent, admin } = JSON.parse(String((await lines.next()).value));
  return {
    pid: child.pid as number,
    async pass(seconds: number) {
      child.stdin.write(`pass ${seconds}\n`);
      await lines.next();
    },
    status: () =>
      askDaemon(agent, { method: 'GET', path: '/v1/status', timeoutMs: 60_000 }) as Promise<AgentStatus>,
    async add(licenseKeys: readonly string[]) {
      const body = JSON.stringify({ licenseKeys });
      const request = { method: 'POST', path: '/v1/licenses', body, timeoutMs: 120_000 } as const;
      return ((await askDaemon(admin, request)) as { outcomes: HeldOutcome[] }).outcomes;
    },
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    },
  };
}

/** Licenses that were asked for again after all were activated: the counter of the gateway's requests tells. */
async function refreshedLicenses({ prepared }: Fielded, activations: number): Promise<number> {
  const store = await openStore(prepared.store);
  const { count } = await store.reader
    .selectFrom('device_key')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('counter', '>', activations)
    .executeTakeFirstOrThrow();
  await store.close();
  return Number(count);
}
