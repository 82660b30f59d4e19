import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'undici';
import { RefreshSchedule } from '../../agent/refresh-schedule.ts';
import { TestDevice } from '../support/device.ts';
import type { TestServer } from '../support/server.ts';
import { type Fielded, fieldServer } from './fielded.ts';
import { fleetChart } from './fleet-chart.ts';
import { type BenchOptions, type Result, resultOf } from './measure.ts';

const AGENTS = 100_000;
const DAY = 86_400;
const HOUR = 3600;
const WINDOW_SECONDS = 10;
const CONNECTIONS = 64;

/**
 * A fleet whose server was gone for a day: when each agent comes back, by the agent's own scheduler in virtual time,
 * beside what a license server answers on this machine.
 */
export async function fleet({ quick, progress, charts }: BenchOptions): Promise<Result[]> {
  progress('fleet: refreshes that the server answers');
  const perSecond = await measuredCapacity(quick ? 1_000 : 4_000);
  progress(`fleet: ${AGENTS} agents, a day without the server`);
  const arrivals = comeBack();
  const busiest = Math.max(...windowsOf(arrivals));
  const within = secondsUntil(arrivals, 0.95);
  if (charts !== undefined)
    for (const language of ['en', 'zh'] as const)
      writeFileSync(
        join(charts, `fleet-after-outage${language === 'zh' ? '.zh' : ''}.svg`),
        fleetChart(windowsOf(arrivals), {
          language,
          agents: AGENTS,
          perSecond,
          windowSeconds: WINDOW_SECONDS,
        }),
      );
  return [
    resultOf(
      {
        ...{ name: 'fleet.refreshed', unit: 's', goal: { atMost: 1 } },
        limitIs: `goal: 95 % of ${AGENTS} agents within an hour of the server's return`,
      },
      [{ value: within, limit: HOUR }],
    ),
    resultOf(
      {
        ...{ name: 'fleet.busiest', unit: `1/${WINDOW_SECONDS} s`, goal: { atMost: 0.5 } },
        limitIs: `what the server answers in as long, one request a call, ${CONNECTIONS} connections`,
      },
      [{ value: busiest, limit: perSecond * WINDOW_SECONDS }],
    ),
  ];
}

/** Agents that came back, by the second after the server did. */
function comeBack(): number[] {
  const queue = new Map<number, RefreshSchedule[]>();
  const wait = (second: number, schedule: RefreshSchedule) => {
    const waiting = queue.get(second);
    if (waiting === undefined) queue.set(second, [schedule]);
    else waiting.push(schedule);
  };
  const options = { intervalSeconds: DAY, random: Math.random };
  const active = { state: 'active', secondsToEnd: 60 * DAY } as const;
  for (let agent = 0; agent < AGENTS; agent += 1) {
    const schedule = new RefreshSchedule(options);
    // Somewhere in its day when the server goes; all are due before it is back.
    const due = Math.floor(Math.random() * schedule.delay(active));
    schedule.set('own', due);
    wait(due, schedule);
  }
  const arrivals: number[] = [];
  for (let second = 0, left = AGENTS; left > 0; second += 1) {
    const trying = queue.get(second) ?? [];
    queue.delete(second);
    if (second >= DAY) {
      arrivals.push(trying.length);
      left -= trying.length;
      continue;
    }
    for (const schedule of trying) {
      schedule.failed('own', second);
      wait(schedule.dueOf('own') ?? DAY, schedule);
    }
  }
  return arrivals;
}

function windowsOf(arrivals: readonly number[]): number[] {
  const windows: number[] = [];
  for (let begin = 0; begin < arrivals.length; begin += WINDOW_SECONDS)
    windows.push(arrivals.slice(begin, begin + WINDOW_SECONDS).reduce((sum, count) => sum + count, 0));
  return windows;
}

function secondsUntil(arrivals: readonly number[], share: number): number {
  let come = 0;
  return arrivals.findIndex((count) => {
    come += count;
    return come >= AGENTS * share;
  });
}

/** Refreshes per second of a server on this machine, asked by another process as devices do: one request a call. */
async function measuredCapacity(calls: number): Promise<number> {
  const fielded = await fieldServer(CONNECTIONS * 4);
  try {
    const devices = await activatedDevices(fielded);
    const requests: string[] = [];
    for (let call = 0; call < calls; call += 1)
      requests.push((await devices[call % devices.length]?.request({ purpose: 'refresh' })) ?? '');
    const pool = new Pool(fielded.url, { connections: CONNECTIONS });
    const send = async () => {
      for (let body = requests.pop(); body !== undefined; body = requests.pop()) {
        const path = '/v1/license-requests';
        const headers = { 'content-type': 'application/jwt' };
        const answer = await pool.request({ method: 'POST', path, headers, body });
        await answer.body.dump();
        if (answer.statusCode !== 200) throw new Error(`the server refused a refresh: ${answer.statusCode}`);
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: CONNECTIONS }, send));
    const seconds = (performance.now() - began) / 1000;
    await pool.destroy();
    return calls / seconds;
  } finally {
    await fielded.stop();
  }
}

async function activatedDevices(fielded: Fielded): Promise<TestDevice[]> {
  const server = { url: fielded.url, world: fielded.prepared.world } as unknown as TestServer;
  const devices = Array.from(
    { length: CONNECTIONS },
    (_, index) => new TestDevice(server, fielded.enrollment(), `FLEET-${index}`),
  );
  for (const device of devices) await device.ask();
  return devices;
}
