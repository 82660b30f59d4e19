import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '#core/clock.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import type { Terms } from '#core/documents/terms.ts';
import { createLog } from '#core/host/log.ts';
import { generateSigningKey } from '#core/keys.ts';
import type { ServerConfig } from '../../server-stub/config.ts';
import type { licenseView } from '../../server-stub/http/openapi/license-view.ts';
import type { Problem } from '../../server-stub/http/problems.ts';
import { initialize, loadInstallation } from '../../server-stub/installation.ts';
import { type Credential, createCredential } from '../../server-stub/licensing/credentials.ts';
import { createEnrollment, type EnrollmentWish } from '../../server-stub/licensing/enrollments.ts';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { importGrant } from '../../server-stub/licensing/import-grant.ts';
import { type RunningServer, startServer } from '../../server-stub/server.ts';
import { openStore, type Store } from '../../server-stub/store/database.ts';
import { NOW, World } from './world.ts';

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  time = NOW;
  now = (): number => this.time;
  uptime = (): number => this.time - NOW + 1000;
}

export interface TestServerOptions {
  /** Vendor's lines to import; by default 100 licenses and 20 renewals. */
  lines?: (world: World) => Terms[];
  tls?: boolean;
  rateLimitPerSecond?: number;
  world?: ConstructorParameters<typeof World>[0];
}

/** The contract's envelope: `data` on success, `error` on failure. */
export type CallBody = Problem & { data: ReturnType<typeof licenseView> };

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'license-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A real server in this process, on a free port, initialised, certified and granted by a test vendor. */
export class TestServer {
  readonly world: World;
  readonly clock: TestClock;
  readonly stateDir: string;
  readonly server: RunningServer;
  readonly credential: Credential;

  private constructor(
    world: World,
    clock: TestClock,
    stateDir: string,
    server: RunningServer,
    credential: Credential,
  ) {
    this.world = world;
    this.clock = clock;
    this.stateDir = stateDir;
    this.server = server;
    this.credential = credential;
  }

  /** The server's own store: one process has one writer. */
  get store(): Store {
    return this.server.store;
  }

  static async start({
    lines,
    tls = false,
    rateLimitPerSecond = 0,
    world: worldOptions = {},
  }: TestServerOptions = {}): Promise<TestServer> {
    const stateDir = join(temporaryFolder(), 'server');
    const root = generateSigningKey();
    const rootsFile = join(temporaryFolder(), 'vendor-roots.json');
    writeFileSync(rootsFile, new World({ root }).rootsFile);
    const { serverId, key, storeFile } = await initialize(stateDir, rootsFile, ['localhost', '127.0.0.1']);
    const world = new World({ ...worldOptions, serverId, serverKey: key, root });
    const clock = new TestClock();
    const seeding = await openStore(storeFile);
    const grant = await world.grant({}, lines?.(world));
    const certificate = await world.certificate();
    const credential = await seeding.write(NOW, async (transaction) => {
      await importCertificate(transaction, certificate, [root], { serverId, key }, 'operator:test');
      await importGrant(transaction, grant, [root], serverId, 'operator:test');
      return createCredential(transaction, world.cid, 'full', 'operator:test');
    });
    await seeding.close();
    const config: ServerConfig = {
      stateDir,
      host: '127.0.0.1',
      port: 0,
      tls,
      publicUrls: [],
      rateLimitPerSecond,
      zone: 'Asia/Shanghai',
      logLevel: 'fatal',
    };
    const server = await startServer(config, createLog('license-server', 'fatal'), clock);
    onTestFinished(() => server.close());
    return new TestServer(world, clock, stateDir, server, credential);
  }

  /** A call of the OpenAPI with this server's credentials. */
  async call(
    method: string,
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; headers: Headers; body: CallBody }> {
    const { customerId, customerSecret } = this.credential;
    const authorization = `Basic ${Buffer.from(`${customerId}:${customerSecret}`).toString('base64')}`;
    const response = await fetch(this.server.url + path, { method, headers: { authorization, ...headers } });
    return { status: response.status, headers: response.headers, body: (await response.json()) as CallBody };
  }

  activate(
    licenseKey: string,
    { appId = this.world.appId, pid = this.world.purchase.pid, version = 'v2' } = {},
  ) {
    const query = new URLSearchParams({ pid, licenseKey, appid: appId });
    return this.call('POST', `/dabiz/license/${version}/active?${query}`);
  }

  /** An enrollment of this server, as its file would say. */
  enrollment(wish: Partial<EnrollmentWish> = {}): Promise<Enrollment> {
    const { world } = this;
    const { tls, roots, serverId } = loadInstallation(this.stateDir);
    return this.store.write(this.clock.now(), (transaction) =>
      createEnrollment(
        transaction,
        {
          appId: world.appId,
          pid: world.purchase.pid,
          maxActivations: 1000,
          expiresAt: NOW + 365 * 86_400,
          actor: 'operator:test',
          ...wish,
        },
        {
          serverUrls: [this.server.url],
          caCertificate: tls.authority,
          serverId,
          rootThumbprint: roots.root.thumbprint,
        },
      ),
    );
  }
}
