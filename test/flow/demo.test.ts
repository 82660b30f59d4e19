import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { LicenseClient } from '../../agent/client.ts';

const DEMO = join(import.meta.dirname, '../../scripts/demo');
const KEYS =
  'serverUrl caFile customerId customerSecret cid appId otherAppId pid trialPid renewId enrollmentFile agentSocket agentConfig status';

interface Demo {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly ready: Record<string, string> & { status: { state: string } };
}

async function startDemo(): Promise<Demo> {
  const child = spawn(DEMO, ['--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  reader.on('line', (line) => lines.push(line));
  await once(reader, 'line');
  return { child, lines, ready: JSON.parse(lines[0] ?? '') };
}

/** A call with the demo's credentials, under its certificate authority alone. */
async function activate({ ready }: Demo, licenseKey: string): Promise<{ code: number }> {
  const { serverUrl, pid, appId, caFile, customerId, customerSecret } = ready;
  const url = `${serverUrl}/dabiz/license/v2/active?${new URLSearchParams({ pid: pid ?? '', licenseKey, appid: appId ?? '' })}`;
  const call = request(url, {
    method: 'POST',
    ca: readFileSync(caFile ?? ''),
    auth: `${customerId}:${customerSecret}`,
  });
  call.end();
  const [response] = await once(call, 'response');
  return JSON.parse(Buffer.concat(await response.toArray()).toString());
}

test('./scripts/demo --once shows a device licensed with its server stopped, and ends', async () => {
  const { stdout } = await promisify(execFile)(DEMO, ['--once'], { env: { ...process.env, LC_ALL: 'C' } });
  const [, offline = ''] = stdout.split('The server is stopped');
  expect(offline).toContain('"allowed":true');
  const [, folder = ''] = /Demo folder: (.*)/.exec(stdout) ?? [];
  expect(folder).not.toBe('');
  expect(existsSync(folder)).toBe(false);
}, 120_000);

test('./scripts/demo --json says one line when ready, twice side by side, and ends at a signal', async () => {
  const demos = await Promise.all([startDemo(), startDemo()]);
  for (const demo of demos) {
    expect(Object.keys(demo.ready).join(' ')).toBe(KEYS);
    expect(demo.ready.status.state).toBe('active');
    expect(await activate(demo, 'SN-0001')).toMatchObject({ code: 200, data: { licenseKey: 'SN-0001' } });
    const socket = demo.ready['agentSocket'] ?? '';
    expect(await new LicenseClient({ socket }).check('video')).toMatchObject({ allowed: true });
  }
  for (const [index, signal] of (['SIGINT', 'SIGTERM'] as const).entries()) {
    const { child, ready, lines } = demos[index] as Demo;
    const exit = once(child, 'exit');
    child.kill(signal);
    expect(await exit).toEqual([0, null]);
    expect(existsSync(dirname(ready['enrollmentFile'] ?? ''))).toBe(false);
    expect(lines).toHaveLength(1);
  }
}, 120_000);
