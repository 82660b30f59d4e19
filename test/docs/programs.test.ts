import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { licenseProofDocument } from '#core/documents/license-proof.ts';
import { newSecret } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { verifyLicense } from '../../agent/client/verify-license.ts';
import { call, post, startAgent, until } from '../agent/running-agent.ts';
import { DAY } from '../agent/support.ts';
import { AgentFolder } from '../flow/agent-folder.ts';
import { Running } from '../flow/program.ts';
import { requireDebianPackage, requireDebianProgram } from '../support/debian.ts';
import { serveEnvironment } from '../support/prepare-server.ts';
import { replaceRoot } from '../support/succession.ts';
import { VendorAndServer } from '../support/vendor-and-server.ts';
import { NOW } from '../support/world.ts';

const examples = resolve('examples');
const PYTHON = '/usr/bin/python3';
const built = mkdtempSync(join(tmpdir(), 'license-examples-'));
const CC = ['-std=c11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror'];

beforeAll(() => {
  requireDebianProgram('gcc');
  for (const name of ['libssl-dev', 'libcjson-dev', 'python3-cryptography', 'libc6-dev'])
    requireDebianPackage(name);
  execFileSync('gcc', [...CC, '-o', join(built, 'license_agent'), join(examples, 'c/license_agent.c')]);
}, 300_000);

async function licensed() {
  const agent = await startAgent();
  await until(agent.client, 'active');
  return { ...agent, socket: agent.daemon.sockets.agent };
}

/** Runs a program to its end; the clock of the world is the one that it sees. */
async function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const command = ['faketime', `@${NOW + 60}`, file, ...args];
  requireDebianProgram('faketime');
  const [program = '', ...rest] = command;
  try {
    const { stdout } = await promisify(execFile)(program, rest, { env: { ...process.env, ...env } });
    return { code: 0, stdout };
  } catch (failed) {
    const { code, stdout } = failed as { code: number; stdout: string };
    return { code, stdout };
  }
}

/** The first lines that a program says, while it runs. */
async function lines(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const reader = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => String((await reader.next()).value);
}

const python = (file: string) => join(examples, 'python', file);

/** The C program with this root and spare in it. */
function buildVerifier(name: string, root: string, spare: string): string {
  const file = join(built, name);
  const keys = [`-DVENDOR_ROOT_X="${root}"`, `-DVENDOR_SPARE_X="${spare}"`];
  const source = join(examples, 'c/verify_license.c');
  execFileSync('gcc', [...CC, ...keys, '-o', file, source, '-lcrypto', '-lcjson']);
  return file;
}

describe('in Python', () => {
  test('a program asks and counts a session', async () => {
    const { socket, daemon } = await licensed();
    const ask = (...args: string[]) => run(PYTHON, [python('license_agent.py'), '--socket', socket, ...args]);
    expect(await ask('check', 'video')).toEqual({
      code: 0,
      stdout: 'allowed: True, state: active, reason: 0\n',
    });
    expect(await ask('session', 'video', '0.1')).toMatchObject({ code: 0 });
    await post(daemon, '/v1/release');
    expect((await ask('check', 'video')).code).toBe(3);
  });

  test('a program hears of changes', async () => {
    const { socket, daemon } = await licensed();
    const next = await lines(PYTHON, [python('license_agent.py'), '--socket', socket, 'listen']);
    expect(await next()).toBe('active, video: True');
    await post(daemon, '/v1/release');
    expect(await next()).toBe('released, video: False');
  });

  test('a program verifies the license by itself, and believes no other root', async () => {
    const { socket, folder, client, world } = await licensed();
    const verify = (roots: string, ...app: string[]) =>
      run(PYTHON, [python('verify_license.py'), '--socket', socket, roots, ...app]);
    const { license, usableUntil } = await client.status();
    expect(await verify(join(folder.path, 'roots.json'), world.appId)).toEqual({
      code: 0,
      stdout: `license ${license} of ${world.licenseKey}, usable until ${usableUntil}\n`,
    });
    const other = folder.write('other-roots.json', {
      root: generateSigningKey().jwk,
      spare: world.spare.jwk,
    });
    expect((await verify(other)).code).toBe(5);
    expect(await verify(join(folder.path, 'roots.json'), world.otherAppId)).toMatchObject({ code: 5 });
  });
});

describe('in C', () => {
  const program = join(built, 'license_agent');

  test('a program asks', async () => {
    const { socket, daemon } = await licensed();
    const ask = (media: string) => run(program, ['check', media], { AGENT_SOCKET: socket });
    expect(await ask('video')).toEqual({ code: 0, stdout: 'allowed: yes, reason: 0\n' });
    await post(daemon, '/v1/release');
    expect(await ask('video')).toEqual({ code: 3, stdout: 'allowed: no, reason: 1\n' });
  });

  test('a program hears of changes', async () => {
    const { socket, daemon } = await licensed();
    const next = await lines(program, ['listen'], { AGENT_SOCKET: socket });
    expect(await next()).toBe('active');
    await post(daemon, '/v1/release');
    expect(await next()).toBe('released');
  });

  test('a program verifies the license by itself, and believes no other root', async () => {
    const { socket, world, client } = await licensed();
    const build = (x: string, name: string) => {
      const file = buildVerifier(name, x, world.spare.jwk.x);
      return (...app: string[]) => run(file, app, { AGENT_SOCKET: socket });
    };
    const { license, usableUntil } = await client.status();
    const verify = build(world.root.jwk.x, 'verify');
    expect(await verify(world.appId)).toEqual({
      code: 0,
      stdout: `license ${license} of ${world.licenseKey}, usable until ${usableUntil}\n`,
    });
    expect((await verify(world.otherAppId)).code).toBe(5);
    expect(await build(generateSigningKey().jwk.x, 'verify-other')()).toMatchObject({
      code: 5,
      stdout: expect.stringContaining('refused'),
    });
  });
});

test('no program believes what a root signed after it was replaced', async () => {
  const { socket, folder, world, daemon } = await licensed();
  const proof = (nonce: string) => call(daemon, 'POST', '/v1/proof', { body: { nonce } });
  /** An agent whose answers tell of a succession at a time. */
  const agentWith = async (replacedAt: number) => {
    const { chain } = await replaceRoot(world, 1, replacedAt);
    const server = createServer(async (request, response) => {
      const { nonce } = JSON.parse(await text(request));
      response.end(JSON.stringify({ ...(await proof(nonce)), rootSuccession: chain }));
    });
    const path = `${socket}.${replacedAt}`;
    server.listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    return path;
  };
  const verifier = buildVerifier('verify-replaced', world.root.jwk.x, world.spare.jwk.x);
  // Certificate and terms are of the day before.
  for (const [replacedAt, code] of [
    [NOW - DAY, 0],
    [NOW - DAY - 1, 5],
  ] as const) {
    const path = await agentWith(replacedAt);
    const roots = join(folder.path, 'roots.json');
    expect(await run(PYTHON, [python('verify_license.py'), '--socket', path, roots])).toMatchObject({ code });
    expect(await run(verifier, [], { AGENT_SOCKET: path })).toMatchObject({ code });
    const nonce = newSecret();
    const options = { vendorRoots: readFileSync(roots, 'utf8'), now: NOW };
    // No time is not the time before the end.
    const never = { ...options, now: Number.NaN };
    await expect(verifyLicense(await proof(nonce), nonce, never)).rejects.toMatchObject({ code: 'expired' });
    const { chain } = await replaceRoot(world, 1, replacedAt);
    const verified = verifyLicense({ ...(await proof(nonce)), rootSuccession: chain }, nonce, options);
    if (code === 0) expect((await verified).token.licenseKey).toBe(world.licenseKey);
    else await expect(verified).rejects.toMatchObject({ code: 'root_succeeded' });
  }
});

test('no program believes a token that lives longer than was sold', async () => {
  const { world } = await licensed();
  const vendorRoots = world.rootsFile;
  const roots = join(built, 'world-roots.json');
  writeFileSync(roots, vendorRoots);
  const verifier = buildVerifier('verify-time', world.root.jwk.x, world.spare.jwk.x);
  const { tokenLifeSeconds, graceSeconds, expiryGraceSeconds } = world.purchase;
  const cases: [object, number][] = [
    [{}, 0],
    [{ exp: NOW + tokenLifeSeconds + 1 }, 5],
    [{ graceSeconds: graceSeconds + 1 }, 5],
    [{ expiryGraceSeconds: expiryGraceSeconds + 1 }, 5],
  ];
  for (const [index, [bent, code]] of cases.entries()) {
    // Whoever runs a certified server with a device of their own.
    const claims = world.tokenClaims(bent);
    const answer = await world.tokenAnswer(claims);
    const server = createServer(async (request, response) => {
      const { nonce } = JSON.parse(await text(request));
      const proof = await licenseProofDocument.sign(
        { nonce, iat: NOW, licenseKey: world.licenseKey, token: claims.jti, jwk: world.deviceKey.jwk },
        world.deviceKey,
      );
      response.end(JSON.stringify({ ...answer, proof }));
    });
    const path = join(built, `dishonest-${index}.sock`);
    server.listen(path);
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    expect(await run(PYTHON, [python('verify_license.py'), '--socket', path, roots])).toMatchObject({ code });
    expect(await run(verifier, [], { AGENT_SOCKET: path })).toMatchObject({ code });
  }
});

test('programs that were built with the first root follow the vendor to the second, and no other spare', async () => {
  const vendor = await VendorAndServer.create();
  await vendor.vendor('replace-root');
  const { certificates } = await vendor.vendor('recertify', '--out', vendor.path('certificates'));
  for (const file of [vendor.rootsFile, certificates[0].file]) await vendor.server('import', file);
  const serve = await Running.start('server', {
    args: ['serve', '--json'],
    env: serveEnvironment({ stateDir: vendor.stateDir, database: '' }),
  });
  await vendor.enrollment('enrollment.json', String(serve.ready['url']));
  const runtimeDir = join(vendor.folder, 'run');
  const agent = new AgentFolder(vendor.firstRoots, { LICENSE_AGENT_RUNTIME_DIR: runtimeDir });
  await agent.enroll(JSON.parse(readFileSync(vendor.path('enrollment.json'), 'utf8')));
  await agent.daemon();
  await agent.checkUntil(0);

  const socket = join(runtimeDir, 'agent.sock');
  const { root, spare } = JSON.parse(readFileSync(vendor.firstRoots, 'utf8'));
  const stranger = generateSigningKey().jwk;
  const execute = promisify(execFile);
  const inC = (name: string, itsSpare: { x: string }) =>
    execute(buildVerifier(name, root.x, itsSpare.x), [vendor.appId], {
      env: { ...process.env, AGENT_SOCKET: socket },
    });
  const inPython = (file: string) =>
    execute(PYTHON, [python('verify_license.py'), '--socket', socket, file, vendor.appId]);
  const otherSpare = vendor.path('other-spare.json');
  writeFileSync(otherSpare, JSON.stringify({ root, spare: stranger }));

  expect((await inC('follows', spare)).stdout).toContain('of SN-0001, usable until');
  expect((await inPython(vendor.firstRoots)).stdout).toContain('of SN-0001, usable until');
  // Built after the root was replaced.
  expect((await inPython(vendor.rootsFile)).stdout).toContain('of SN-0001, usable until');
  await expect(inC('refuses', stranger)).rejects.toMatchObject({ code: 5 });
  await expect(inPython(otherSpare)).rejects.toMatchObject({ code: 5 });
}, 60_000);

test('in Node, a program asks and hears of changes', async () => {
  const { socket, daemon } = await licensed();
  const next = await lines(process.execPath, [join(examples, 'node/watch.mjs'), socket]);
  expect(await next()).toBe('video allowed: true, reason: 0');
  expect(await next()).toBe('active, video: true');
  await post(daemon, '/v1/release');
  expect(await next()).toBe('released, video: false');
});
