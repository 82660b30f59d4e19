import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
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

/** The processes whose command line names the folder. */
function processesNaming(folder: string): number[] {
  const names = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false; // It has ended since.
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && names(name))
    .map(Number);
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
  // The flow of the public documents, in their order, each call with its answer.
  const calls = [...stdout.matchAll(/ (GET|POST) \/dabiz\/license\/v2\/([\w/]+)\?.*\n {2}→ (\d+)/g)];
  expect(calls.map(([, method, path, status]) => `${method} ${path} ${status}`)).toEqual([
    'POST allocate 200',
    'GET product/allocations 200',
    'POST vendor/pad/switch 200',
    'POST pad/upload 200',
    'POST pad/add 200',
    'GET pads/search 200',
    'GET pads 200',
    'POST active 200',
    'POST active 400',
    'POST renew 200',
    'GET detail 200',
    'POST pad/delete 200',
    'GET pads/export 200',
    'POST pad/clear 200',
    'GET pads 200',
    'POST vendor/pad/switch 200',
  ]);
  const [, folder = ''] = /Demo folder: (.*)/.exec(stdout) ?? [];
  expect(folder).not.toBe('');
  expect(existsSync(folder)).toBe(false);
  // What was asked for, granted, and left, each below its command.
  expect(stdout).toMatch(/\$ license-server apply .*\n {2}→ \{.*"items":\[\{"kind":"purchase","pid":/);
  expect(stdout).toMatch(/\$ license-vendor certify .*\n {2}→ \{"kind":"certificate"/);
  expect(stdout).toMatch(/\$ license-vendor grant .*\n {2}→ \{"kind":"grant"/);
  expect(stdout).toMatch(/\$ license-server import .*\n {2}→ \{"kind":"certificate".*"changed":true\}/);
  expect(stdout).toMatch(/\$ license-server quota .*\n {2}→ \{"pools":\[.*"granted":100,.*"used":0/);
  const [beforeRenewal = '', renewal = ''] = stdout.split('applies for renewals');
  expect(beforeRenewal).toMatch(/ \/dabiz\/license\/v2\/active\?/);
  expect(renewal).toMatch(/apply .*--renewal .*\n.*\n.* grant .*\n {2}→ .*"renewId":.*\n.* import /);
  expect(renewal).toMatch(/ \/dabiz\/license\/v2\/renew\?/);
  expect(stdout).toContain(' -F file=@license-keys.txt "SN-1001\\nSN-1002\\nSN-1003\\n"\n');
  expect(stdout).toMatch(/pads\/export\?.*\n {2}→ 200 SN-1001\n {8}SN-1002\n/);
  expect(stdout.replaceAll(/\([^)]*\)/g, '')).not.toMatch(/\p{Script=Han}/u);
  // Its folder is gone, and with it what such a command would look at.
  expect(stdout).not.toContain('npm run -s agent -- status --config ');
  expect(stdout).toContain('./scripts/demo without --once keeps it');
}, 240_000);

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
    const folder = dirname(ready['enrollmentFile'] ?? '');
    const running = processesNaming(folder);
    expect(running).toHaveLength(2);
    // A stopped process answers no SIGTERM: the demo ends it all the same.
    if (index === 0) process.kill(running[0] as number, 'SIGSTOP');
    const exit = once(child, 'exit');
    child.kill(signal);
    expect(await exit).toEqual([0, null]);
    expect(existsSync(folder)).toBe(false);
    expect(processesNaming(folder)).toEqual([]);
    expect(lines).toHaveLength(1);
  }
}, 120_000);

/** Where a signal comes during set-up, and whether the whole process group gets it, as by a terminal's Ctrl+C. */
const INTERRUPTIONS = [
  { line: 'Demo folder: ', signal: 'SIGINT', group: false },
  { line: '$ license-vendor init ', signal: 'SIGINT', group: true },
  { line: '$ license-server apply ', signal: 'SIGHUP', group: false },
  { line: '$ license-server serve ', signal: 'SIGTERM', group: false },
  { line: 'The server is stopped', signal: 'SIGINT', group: true },
] as const;

test.concurrent.for([...INTERRUPTIONS])(
  './scripts/demo leaves nothing after $signal at "$line", group: $group',
  { timeout: 60_000 },
  async ({ line, signal, group }, { expect, onTestFinished }) => {
    const folder = mkdtempSync(join(tmpdir(), 'demo-test-'));
    const env = { ...process.env, LC_ALL: 'C', TMPDIR: folder };
    const child = spawn(DEMO, ['--json'], { env, stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    onTestFinished(() => {
      child.kill('SIGKILL');
      for (const pid of processesNaming(folder)) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });
    const output: string[] = [];
    const exit = once(child, 'exit');
    let sent = false;
    for await (const text of createInterface({ input: child.stderr as NodeJS.ReadableStream })) {
      output.push(text);
      if (sent || !text.includes(line)) continue;
      sent = true;
      process.kill(group ? -(child.pid as number) : (child.pid as number), signal);
    }
    expect(sent).toBe(true);
    expect(output.join('\n')).not.toMatch(/The demo failed|^ +at /m);
    expect(await exit).toEqual([0, null]);
    expect(readdirSync(folder)).toEqual([]);
    expect(processesNaming(folder)).toEqual([]);
  },
);

test.for([
  { args: ['--twice'], tmp: tmpdir(), says: "Unknown option '--twice'" },
  { args: ['again'], tmp: tmpdir(), says: "Unexpected argument 'again'" },
  { args: [], tmp: '/nonexistent/demo', says: 'TMPDIR=/nonexistent/demo' },
  { args: [], tmp: '/proc', says: 'TMPDIR=/proc' },
  { args: [], tmp: `/tmp/${'long/'.repeat(20)}`, says: 'too long' },
])('./scripts/demo $args with TMPDIR=$tmp says one line and exits 2', async ({ args, tmp, says }) => {
  const env = { ...process.env, LC_ALL: 'C', TMPDIR: tmp };
  const failed = promisify(execFile)(DEMO, args, { env });
  await expect(failed).rejects.toMatchObject({ code: 2, stdout: '' });
  const { stderr } = await failed.catch((error) => error);
  expect(stderr).toContain(says);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});
