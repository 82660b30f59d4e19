import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DemoApi, walkThroughOpenApi } from './demo-openapi.ts';
import { DemoProcesses } from './demo-processes.ts';
import { lookAround } from './look-around.ts';

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
/** What a command answered, as far as the reader needs it. */
const told = (answer: object, members?: string[]): void => say(`  → ${JSON.stringify(answer, members)}`);

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
const SCHOOL = ['--cid', CID, '--name', 'Demo School', '--preallocation'];

interface Application {
  readonly items: readonly { readonly pid: string }[];
  readonly apps: readonly { readonly appId: string }[];
}

interface Grant {
  readonly lines: readonly { readonly renewId?: string }[];
}

/** Of long answers. */
const SHOWN = [
  ...['kind', 'cid', 'serial', 'applicationId', 'grantId', 'apps', 'appId', 'name', 'changed'],
  ...['items', 'lines', 'pid', 'renewId', 'count', 'pools', 'renewals', 'granted', 'allocated', 'used'],
];

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
  const application = await run<Application>(
    'license-server',
    'apply',
    ...server,
    ...SCHOOL,
    '--app',
    'Classroom',
    '--app',
    'Library',
    '--purchase',
    `${SKU},validity=1y,count=100`,
    '--purchase',
    `${SKU},validity=3m,count=5`,
    '--out',
    at('application.jwt'),
  );
  const [pid = '', trialPid = ''] = application.items.map((item) => item.pid);
  const [appId = '', otherAppId = ''] = application.apps.map((app) => app.appId);
  told(application, SHOWN);

  step('The vendor certifies the server and signs the grant.', '厂商认证服务器并签署授权。');
  told(
    await run('license-vendor', 'certify', at('application.jwt'), ...vendor, '--out', at('certificate.jwt')),
    SHOWN,
  );
  told(
    await run(
      'license-vendor',
      'grant',
      '--from',
      at('application.jwt'),
      ...vendor,
      '--yes',
      '--out',
      at('grant.jwt'),
    ),
    SHOWN,
  );

  step('The school imports both and starts the server.', '学校导入授权并启动服务器。');
  told(await run('license-server', 'import', at('certificate.jwt'), ...server), SHOWN);
  told(await run('license-server', 'import', at('grant.jwt'), ...server), SHOWN);
  told(await run('license-server', 'quota', ...server), SHOWN);
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
  told(before);

  step('The server is stopped: the device stays licensed.', '停止服务器：设备仍保持授权。');
  await processes.stop(serving.child);
  const offline = await run('license-agent', 'check', '--media', 'video', ...agent);
  told(offline);

  step('The server is started again.', '重新启动服务器。');
  serving = await start('license-server', 'serve', ...server);
  const status = await run('license-agent', 'status', ...agent);

  const { customerId, customerSecret } = credentials;
  const api = new DemoApi({ serverUrl, caFile, customerId, customerSecret, language: zh ? 'zh' : 'en', say });
  let renewId = '';
  const applyForRenewal = async (): Promise<string> => {
    step(
      'The school applies for renewals (申请续期), and the vendor grants them.',
      '申请续期，厂商签署授权。',
    );
    const apps = ['--app', `Classroom=${appId}`, '--app', `Library=${otherAppId}`];
    const wish = ['--renewal', `pid=${pid},validity=1y,count=20`, '--out', at('renewal-application.jwt')];
    told(await run('license-server', 'apply', ...server, ...SCHOOL, ...apps, ...wish), SHOWN);
    const order = ['--from', at('renewal-application.jwt'), '--yes', '--out', at('renewal-grant.jwt')];
    const grant = await run<Grant>('license-vendor', 'grant', ...order, ...vendor);
    told(grant, SHOWN);
    told(await run('license-server', 'import', at('renewal-grant.jwt'), ...server), SHOWN);
    renewId = grant.lines[0]?.renewId ?? '';
    return renewId;
  };
  await walkThroughOpenApi(api, { appId, pid, applyForRenewal }, step);
  await api.close();
  told(await run('license-server', 'quota', ...server), SHOWN);
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
  else if (!options.once) say(lookAround(ready, at('server.toml'), zh));
}

try {
  await demo();
  if (options.once)
    await end(
      0,
      zh
        ? '\n演示目录已删除。\n不带 --once 运行 ./scripts/demo 会保留它，并列出可在另一个终端执行的命令：查看设备状态、额度与审计记录，调用 OpenAPI。'
        : '\nThe demo folder is removed.\n./scripts/demo without --once keeps it, and names commands to look around from another terminal: state of the device, quota, audit trail, calls of the OpenAPI.',
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
