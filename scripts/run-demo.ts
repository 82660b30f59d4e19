import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DemoApi, walkThroughOpenApi } from './demo-openapi.ts';
import { DemoProcesses } from './demo-processes.ts';

const zh = /^zh/i.test(process.env['LC_ALL'] || process.env['LC_MESSAGES'] || process.env['LANG'] || '');
const USAGE = './scripts/demo [--once] [--json]';
/** The longest path of a Unix socket on Linux. */
const SOCKET_PATH_BYTES = 107;

const options = readOptions();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}

const say = (text: string): void => void (options.json ? process.stderr : process.stdout).write(`${text}\n`);
const step = (english: string, chinese: string): void => say(`\n▸ ${zh ? chinese : english}`);

let ending: Promise<never> | undefined;
/** Ends every process, removes the folder and exits. What asks first decides the code. */
function end(code: number, farewell?: string): Promise<never> {
  ending ??= (async () => {
    await processes.end();
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      process.exit(1);
    }
    if (farewell !== undefined) say(farewell);
    process.exit(code);
  })();
  return ending;
}

// Before the folder is made: a signal from here on removes it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));
const folder = makeFolder();
const at = (...names: string[]): string => join(folder, ...names);
const processes = new DemoProcesses({ folder, say, logToStderr: options.json === true });
const run: typeof processes.run = (...command) => processes.run(...command);
const start: typeof processes.start = (...command) => processes.start(...command);
// Whoever read the output has gone (`| head`, a closed terminal): nobody is left to end the demo.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => void end(1));

function readOptions(): { once?: boolean; json?: boolean; help?: boolean } {
  try {
    return parseArgs({
      options: { once: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
    }).values;
  } catch (error) {
    const [reason = ''] = (error as Error).message.split('. ');
    const [name = ''] = /'[^']*'/.exec(reason) ?? [];
    return refuse(zh ? `无法识别的参数 ${name}。用法：${USAGE}` : `${reason}. Usage: ${USAGE}`);
  }
}

function makeFolder(): string {
  const parent = resolve(tmpdir());
  if (Buffer.byteLength(join(parent, 'license-demo-XXXXXX/run/agent.sock')) > SOCKET_PATH_BYTES)
    refuse(
      zh
        ? `TMPDIR=${parent} 过长，无法容纳 Unix 套接字。`
        : `TMPDIR=${parent} is too long for a Unix socket.`,
    );
  try {
    return mkdtempSync(join(parent, 'license-demo-'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return refuse(
      zh
        ? `无法在 TMPDIR=${parent} 中创建目录：${code}`
        : `Cannot make a folder in TMPDIR=${parent}: ${code}`,
    );
  }
}

/** One line, whatever the argument or the path holds. */
function refuse(reason: string): never {
  process.stderr.write(`${reason.replaceAll(/\p{C}/gu, '?')}\n`);
  process.exit(2);
}

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
      `stateDir = ${JSON.stringify(stateDir)}\nhost = "127.0.0.1"\nport = ${port}\nlogLevel = "warn"\n`,
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
    [
      `stateDir = ${JSON.stringify(at('agent'))}`,
      `runtimeDir = ${JSON.stringify(at('run'))}`,
      `vendorRootsFile = ${JSON.stringify(at('vendor/vendor-roots.json'))}`,
      'logLevel = "warn"\n',
    ].join('\n'),
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
  await processes.stop(serving.child);
  const offline = await run('license-agent', 'check', '--media', 'video', ...agent);
  say(`  → ${JSON.stringify(offline)}`);

  step('The server is started again.', '重新启动服务器。');
  serving = await start('license-server', 'serve', ...server);
  const status = await run('license-agent', 'status', ...agent);

  const { customerId, customerSecret } = credentials;
  const api = new DemoApi({ serverUrl, caFile, customerId, customerSecret, say });
  await walkThroughOpenApi(api, { appId, pid, renewId }, step);
  await api.close();
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
  ${zh ? '全部接口' : 'Every call'}: ${serverUrl}/reference
`;
}

try {
  await demo();
  if (options.once)
    await end(
      0,
      zh
        ? '\n演示目录已删除。\n不带 --once 运行 ./scripts/demo 可保留它以便查看。'
        : '\nThe demo folder is removed.\n./scripts/demo without --once keeps it to look around.',
    );
  if (!options.json)
    say(zh ? '按 Ctrl+C 结束并删除演示目录。' : 'Ctrl+C ends the demo and removes its folder.');
} catch (error) {
  // A terminal's Ctrl+C goes to every process of the group: a child may end of it before this one has seen it.
  if (!processes.ending) await setTimeout(100);
  if (!processes.ending)
    process.stderr.write(`${zh ? '演示失败' : 'The demo failed'}: ${(error as Error).message}\n`);
  await end(1);
}
