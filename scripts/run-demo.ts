import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs, promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const PROGRAMS = {
  'license-vendor': join(ROOT, 'server-stub/vendor/main.ts'),
  'license-server': join(ROOT, 'server-stub/main.ts'),
  'license-agent': join(ROOT, 'agent/main.ts'),
} as const;
type Program = keyof typeof PROGRAMS;

const { values: options } = parseArgs({
  options: { once: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (options.help) {
  console.log('./scripts/demo [--once] [--json]');
  process.exit(0);
}

const zh = /^zh/i.test(process.env['LC_ALL'] || process.env['LC_MESSAGES'] || process.env['LANG'] || '');
const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
const step = (english: string, chinese: string): void => say(`\n▸ ${zh ? chinese : english}`);

const folder = mkdtempSync(join(tmpdir(), 'license-demo-'));
const at = (...names: string[]): string => join(folder, ...names);
const env = { ...process.env, NODE_COMPILE_CACHE: at('compile-cache') };
const children = new Set<ChildProcess>();

/** Runs a command as a person would, shows it, and gives its JSON answer. */
async function run<T extends object>(program: Program, ...args: string[]): Promise<T> {
  say(
    `  $ ${program} ${args.map((arg) => (/[ ,=~]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`.replaceAll(
      `${folder}/`,
      '',
    ),
  );
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAMS[program], ...args, '--json'], {
    env,
  });
  return JSON.parse(stdout);
}

/** Starts a program that keeps running; its log goes to a file, or to stderr with --json. */
async function start(
  program: Program,
  ...args: string[]
): Promise<{ child: ChildProcess; ready: { url: string } }> {
  say(`  $ ${program} ${args.join(' ')} &`.replaceAll(`${folder}/`, ''));
  const child = spawn(process.execPath, [PROGRAMS[program], ...args, '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  const log: Buffer[] = [];
  child.stderr?.on('data', (chunk: Buffer) => (options.json ? process.stderr.write(chunk) : log.push(chunk)));
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const ready = JSON.parse(line);
    if ('error' in ready) throw new Error(line);
    return { child, ready };
  }
  throw new Error(`${program} ended: ${Buffer.concat(log)}`);
}

async function stop(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  await exit;
}

async function end(code: number): Promise<never> {
  await Promise.all([...children].map(stop));
  rmSync(folder, { recursive: true, force: true });
  process.exit(code);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0));

const CID = '717241';
const SKU = 'product=1,mediaType=3,minutes=0,period=00:00~23:59,zone=Asia/Shanghai,category=device';

async function demo(): Promise<void> {
  say(zh ? `演示目录：${folder}` : `Demo folder: ${folder}`);

  step('The vendor makes its root keys (offline).', '厂商生成根密钥（离线）。');
  writeFileSync(at('passphrase'), randomBytes(24).toString('base64url'), { mode: 0o600 });
  const vendor = ['--dir', at('vendor'), '--passphrase-file', at('passphrase')];
  await run('license-vendor', 'init', ...vendor, '--name', 'Demo Vendor');

  step('A school sets up its license server and applies (申请).', '学校部署许可证服务器并提交申请。');
  const serverConfig = at('server.toml');
  const stateDir = at('server');
  const configureServer = (port: number) =>
    writeFileSync(
      serverConfig,
      `stateDir = "${stateDir}"\nhost = "127.0.0.1"\nport = ${port}\nlogLevel = "warn"\n`,
    );
  configureServer(0);
  const server = ['--config', serverConfig];
  const { caFile } = await run<{ caFile: string }>(
    'license-server',
    'init',
    ...server,
    '--vendor-roots',
    at('vendor/vendor-roots.json'),
    '--host',
    'localhost',
    '--host',
    '127.0.0.1',
  );
  const application = await run<{ items: { pid: string }[]; apps: { appId: string }[] }>(
    'license-server',
    'apply',
    ...server,
    '--cid',
    CID,
    '--name',
    'Demo School',
    '--app',
    'Classroom',
    '--app',
    'Library',
    '--preallocation',
    '--purchase',
    `${SKU},validity=1y,count=100`,
    '--purchase',
    `${SKU},validity=3m,count=5`,
    '--out',
    at('application.jwt'),
  );
  const [pid = '', trialPid = ''] = application.items.map((item) => item.pid);
  const [appId = '', otherAppId = ''] = application.apps.map((app) => app.appId);

  step('The vendor certifies the server and signs the grant.', '厂商认证服务器并签署授权。');
  await run('license-vendor', 'certify', at('application.jwt'), ...vendor, '--out', at('certificate.jwt'));
  const grant = await run<{ lines: { kind: string; renewId?: string }[] }>(
    'license-vendor',
    'grant',
    '--from',
    at('application.jwt'),
    ...vendor,
    '--yes',
    '--renewal',
    `pid=${pid},validity=1y,count=20`,
    '--out',
    at('grant.jwt'),
  );
  const renewId = grant.lines.find(({ kind }) => kind === 'renewal')?.renewId ?? '';

  step('The school imports both and starts the server.', '学校导入授权并启动服务器。');
  await run('license-server', 'import', at('certificate.jwt'), ...server);
  await run('license-server', 'import', at('grant.jwt'), ...server);
  const credentials = await run<{ customerId: string; customerSecret: string }>(
    'license-server',
    'credentials',
    'create',
    '--cid',
    CID,
    ...server,
  );
  let serving = await start('license-server', 'serve', ...server);
  const serverUrl = serving.ready.url;
  configureServer(Number(new URL(serverUrl).port));
  const enrollmentFile = at('enrollment.json');
  await run(
    'license-server',
    'enrollment',
    'create',
    '--app',
    appId,
    '--pid',
    pid,
    '--url',
    serverUrl,
    '--out',
    enrollmentFile,
    ...server,
  );

  step('This machine enrolls, and its agent activates by itself.', '本机登记，agent 自行激活。');
  const agentConfig = at('agent.toml');
  mkdirSync(at('run'));
  writeFileSync(
    agentConfig,
    `stateDir = "${at('agent')}"\nruntimeDir = "${at('run')}"\nvendorRootsFile = "${at('vendor/vendor-roots.json')}"\nlogLevel = "warn"\n`,
  );
  const agent = ['--config', agentConfig];
  // A slim container has no serial, no card of its own and no machine-id: nothing to derive a LicenseKey from.
  const { licenseKey } = await run<{ licenseKey: string | null }>('license-agent', 'identity', ...agent);
  if (licenseKey === null)
    appendFileSync(agentConfig, `licenseKeyStrategy = "literal"\nlicenseKeyValue = "DEMO-${hostname()}"\n`);
  await run('license-agent', 'enroll', enrollmentFile, ...agent);
  await start('license-agent', 'run', ...agent);
  await run('license-agent', 'activate', ...agent);
  const before = await run('license-agent', 'check', '--media', 'video', ...agent);
  say(`  → ${JSON.stringify(before)}`);

  step('The server is stopped: the device stays licensed.', '停止服务器：设备仍保持授权。');
  await stop(serving.child);
  const offline = await run('license-agent', 'check', '--media', 'video', ...agent);
  say(`  → ${JSON.stringify(offline)}`);

  step('The server is started again.', '重新启动服务器。');
  serving = await start('license-server', 'serve', ...server);
  const status = await run('license-agent', 'status', ...agent);

  const { customerId, customerSecret } = credentials;
  const agentSocket = at('run/agent.sock');
  const ready = {
    serverUrl,
    caFile,
    customerId,
    customerSecret,
    cid: CID,
    appId,
    otherAppId,
    pid,
    trialPid,
    renewId,
    enrollmentFile,
    agentSocket,
    agentConfig,
    status,
  };
  if (options.json) process.stdout.write(`${JSON.stringify(ready)}\n`);
  else say(lookAround(ready));
}

function lookAround(
  ready: Record<
    | 'serverUrl'
    | 'caFile'
    | 'customerId'
    | 'customerSecret'
    | 'appId'
    | 'pid'
    | 'agentSocket'
    | 'agentConfig',
    string
  >,
): string {
  const { serverUrl, caFile, customerId, customerSecret, appId, pid, agentSocket, agentConfig } = ready;
  const title = zh ? '现在可以试试（另开一个终端）：' : 'Look around, from another terminal:';
  return `
${title}
  npm run -s agent -- status --config ${agentConfig}
  npm run -s agent -- check --media video --config ${agentConfig}
  npm run -s server -- quota --config ${at('server.toml')}
  npm run -s server -- audit --config ${at('server.toml')}
  curl --unix-socket ${agentSocket} http://agent/v1/status
  curl --cacert ${caFile} -u ${customerId}:${customerSecret} -X POST \\
    '${serverUrl}/dabiz/license/v2/active?pid=${pid}&licenseKey=SN-0001&appid=${appId}'
  curl --cacert ${caFile} -u ${customerId}:${customerSecret} \\
    '${serverUrl}/dabiz/license/v2/detail?key=SN-0001&appid=${appId}'
`;
}

try {
  await demo();
  if (options.once) await end(0);
  if (!options.json)
    say(zh ? '按 Ctrl+C 结束并删除演示目录。' : 'Ctrl+C ends the demo and removes its folder.');
} catch (error) {
  const { stdout, stderr } = error as { stdout?: string; stderr?: string };
  process.stderr.write(
    `${zh ? '演示失败' : 'The demo failed'}: ${stdout || stderr || (error as Error).stack}\n`,
  );
  await end(1);
}
