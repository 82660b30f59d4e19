import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { bundleOf } from '../../agent/doctor/bundle.ts';
import { examine } from '../../agent/doctor/examine.ts';
import type { Environment } from '../../agent/options.ts';
import { createTlsCertificates } from '../../server-stub/tls.ts';
import { requireDebianProgram } from '../support/debian.ts';
import { NOW } from '../support/world.ts';
import { startAgent, until } from './running-agent.ts';
import { runProgram, temporaryFolder } from './support.ts';

type Running = Awaited<ReturnType<typeof startAgent>>;

/** What doctor finds, by its id: how each is. */
async function found({ folder }: Pick<Running, 'folder'>, { now = NOW, env = {} as Environment } = {}) {
  const { findings } = await examine(folder.config, { config: folder.configFile }, env, now);
  return Object.groupBy(findings, ({ id }) => id);
}
const outcomes = (findings: Awaited<ReturnType<typeof found>>) =>
  Object.fromEntries(
    Object.entries(findings).map(([id, all = []]) => [id, all.map(({ outcome }) => outcome)]),
  );
const said = (findings: Awaited<ReturnType<typeof found>>, id: string) =>
  (findings[id] ?? []).map(({ what, remedy }) => `${what.en} ${remedy?.en ?? ''}`).join('\n');

async function licensed() {
  const agent = await startAgent();
  await until(agent.client, 'active');
  chmodSync(agent.folder.path, 0o755);
  return agent;
}

/** Enrolled at another server than the one that licensed it. */
async function at(agent: Running, url: string, caCertificate = '') {
  agent.folder.enrollment = { ...agent.folder.enrollment, caCertificate };
  agent.folder.enroll(url);
  return found(agent);
}

async function listening(server: ReturnType<typeof createHttpServer>): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const healthy = (status = 200, body = '{"status":"ok"}') =>
  createHttpServer((_request, response) => response.writeHead(status).end(body));

describe('doctor', () => {
  test('finds nothing wrong with a device that is well', async () => {
    const agent = await licensed();
    const port = await listening(healthy());
    const findings = await at(agent, `http://127.0.0.1:${port}`);
    const all = Object.values(outcomes(findings)).flat();
    expect(outcomes(findings)).toMatchObject({
      ...{
        clock: ['ok'],
        daemon: ['ok'],
        store: ['ok'],
        token: ['ok'],
        dns: ['ok'],
        route: ['ok'],
        server: ['ok'],
      },
      ...{ identity: ['ok'], permissions: ['ok'] },
    });
    expect(all).not.toContain('fault');
  });

  test('names the step at which the way to the server ends', async () => {
    const agent = await licensed();
    const unknown = await at(agent, 'https://no-such-host.invalid');
    expect(outcomes(unknown)).toMatchObject({ dns: ['fault'] });
    expect(unknown['route']).toBeUndefined();
    const closed = await at(agent, 'https://127.0.0.1:1');
    expect(outcomes(closed)).toMatchObject({ dns: ['ok'], route: ['fault'] });
    expect(said(closed, 'route')).toContain('the connection was refused');
  });

  test('knows whose certificate it was that is not trusted, and for another name', async () => {
    const agent = await licensed();
    const theirs = await createTlsCertificates(['127.0.0.1']);
    const ours = await createTlsCertificates(['127.0.0.1']);
    const elsewhere = await createTlsCertificates(['license.example']);
    const serve = ({ certificate, privateKey }: typeof theirs) =>
      listening(
        createHttpsServer({ cert: certificate, key: privateKey }, (_, response) =>
          response.end('{}'),
        ) as never,
      );
    const untrusted = await at(agent, `https://127.0.0.1:${await serve(theirs)}`, ours.authority);
    expect(outcomes(untrusted)).toMatchObject({ route: ['ok'], tls: ['fault'] });
    expect(said(untrusted, 'tls')).toMatch(/License Server by License Server CA.*not trusted.*in its place/s);
    const misnamed = await at(agent, `https://127.0.0.1:${await serve(elsewhere)}`, elsewhere.authority);
    expect(said(misnamed, 'tls')).toContain('another name');
    const right = await at(agent, `https://127.0.0.1:${await serve(ours)}`, ours.authority);
    expect(outcomes(right)).toMatchObject({ tls: ['ok'], server: ['ok'] });
  });

  test('tells a log-in page of a network, and a port of something else, from a license server', async () => {
    const agent = await licensed();
    const portal = await listening(healthy(200, '<html>Log in</html>'));
    expect(said(await at(agent, `http://127.0.0.1:${portal}`), 'server')).toContain('log-in page');
    const other = await listening(healthy(404, 'no'));
    expect(outcomes(await at(agent, `http://127.0.0.1:${other}`))).toMatchObject({ server: ['fault'] });
    const plain = await listening(healthy());
    expect(outcomes(await at(agent, `https://127.0.0.1:${plain}`))).toMatchObject({ tls: ['fault'] });
  });

  test('says that a proxy is in between, without its password', async () => {
    const agent = await licensed();
    agent.folder.enroll('http://license.example');
    const env = { http_proxy: 'http://user:s3cret@127.0.0.1:1' };
    const findings = await found(agent, { env });
    expect(said(findings, 'route')).toContain('through the proxy 127.0.0.1:1');
    expect(JSON.stringify(findings)).not.toContain('s3cret');
    expect(outcomes(findings)).toMatchObject({ server: ['fault'] });
  });

  test('sees a clock at 1970, and one that is not the server’s', async () => {
    const agent = await licensed();
    const port = await listening(healthy());
    agent.folder.enroll(`http://127.0.0.1:${port}`);
    const early = await found(agent, { now: 100 });
    expect(outcomes(early)).toMatchObject({ clock: ['warning'], 'clock.server': ['warning'] });
    expect(said(early, 'clock')).toContain('1970-01-01');
    const real = Math.floor(Date.now() / 1000);
    expect(outcomes(await found(agent, { now: real }))).toMatchObject({ 'clock.server': ['ok'] });
  });

  test('sees files that others may read or write, and says how to mend that', async () => {
    const agent = await licensed();
    const { folder } = agent;
    chmodSync(join(folder.state, 'device-key.pem'), 0o644);
    chmodSync(join(folder.path, 'roots.json'), 0o666);
    const findings = await found(agent);
    expect(said(findings, 'permissions')).toMatch(/chmod 0600 .*device-key\.pem/);
    expect(said(findings, 'permissions')).toMatch(/chmod 0644 .*roots\.json/);
  });

  test('sees a store that is damaged and a token that was altered, with the daemon down', async () => {
    const agent = await licensed();
    await agent.daemon.close();
    const whole = readFileSync(agent.folder.store);
    writeFileSync(agent.folder.store, Buffer.from(whole).fill(0xa5, 4096));
    expect(outcomes(await found(agent))).toMatchObject({
      daemon: ['fault'],
      store: ['fault'],
      token: ['fault'],
    });
    const text = whole.toString('latin1').replace('"document":"eyJhbGciOi', '"document":"eyJhbGciOj');
    writeFileSync(agent.folder.store, Buffer.from(text, 'latin1'));
    expect(outcomes(await found(agent))).toMatchObject({ store: ['ok'], token: ['fault'] });
  });

  test('of a device that nobody enrolled says so, and looks at the rest', async () => {
    const agent = await startAgent({ enrolled: false });
    const findings = await found(agent);
    expect(outcomes(findings)).toMatchObject({ server: ['skipped'], token: ['fault'] });
    expect(said(findings, 'token')).toContain('license-agent enroll');
  });

  test('sees a disk that is full', async () => {
    const agent = await licensed();
    await agent.daemon.close();
    const { state } = agent.folder;
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', state]);
    onTestFinished(() => void execFileSync('umount', [state]));
    writeFileSync(join(state, 'filler'), Buffer.alloc(64 * 1024));
    expect(outcomes(await found(agent))['disk']).toContain('fault');
  });
});

describe('the report', () => {
  test('holds what helps, and no secret', async () => {
    const agent = await licensed();
    const { folder, world } = agent;
    const examination = await examine(folder.config, { config: folder.configFile }, {}, NOW);
    const text = gunzipSync(await bundleOf(examination, folder.config)).toString();
    const report = JSON.parse(text);
    expect(report).toMatchObject({ version: 1, status: { state: 'active', licenseKey: world.licenseKey } });
    expect(report.identity.boardSerial).toHaveLength(1);
    const pem = readFileSync(join(folder.state, 'device-key.pem'), 'utf8').split('\n')[1] ?? '?';
    const { enrollment, fingerprintKey } = folder.enrollment;
    for (const secret of [pem, enrollment.secret, fingerprintKey, 'BSN-1', 'PRIVATE KEY'])
      expect(text.includes(secret)).toBe(false);
  });

  test('is written by the command, which says in both languages what is wrong, and ends with 1', async () => {
    const agent = await licensed();
    await agent.daemon.close();
    const file = join(temporaryFolder(), 'report.json.gz');
    const args = ['doctor', '--bundle', file, '--config', agent.folder.configFile];
    const english = await runProgram(args);
    expect(english.exit).toBe(1);
    expect(english.stdout).toMatch(/✗ +Daemon/);
    expect(english.stdout).toMatch(/What to do:\n/);
    expect(JSON.parse(gunzipSync(readFileSync(file)).toString()).findings.length).toBeGreaterThan(5);
    const again = await runProgram([...args, '--json']);
    expect([again.exit, again.json['error']]).toEqual([2, 'file_exists']);
    const chinese = await runProgram(['doctor', '--config', agent.folder.configFile], {
      LC_ALL: 'zh_CN.UTF-8',
    });
    expect(chinese.stdout).toMatch(/✗ +守护进程/);
    expect(chinese.stdout).toContain('处理建议：');
  });

  test('can be asked for by a user who may read little: what may not be looked at is skipped', async () => {
    requireDebianProgram('runuser', 'util-linux');
    const agent = await licensed();
    const { folder } = agent;
    const program = [process.execPath, 'agent/main.ts', 'doctor', '--json', '--config', folder.configFile];
    const result = (() => {
      try {
        return execFileSync('runuser', ['-u', 'nobody', '--', ...program], { encoding: 'utf8' });
      } catch (failed) {
        return (failed as { stdout: string }).stdout;
      }
    })();
    const { findings } = JSON.parse(result);
    expect(findings.map(({ outcome }: { outcome: string }) => outcome)).toContain('skipped');
  });
});
