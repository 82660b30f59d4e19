import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '#core/clock.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { createLog, type Logger } from '#core/host/log.ts';
import { loadServerConfig } from '../../server-stub/config.ts';
import { loadInstallation } from '../../server-stub/installation.ts';
import { type Credential, createCredential, type Scope } from '../../server-stub/licensing/credentials.ts';
import { createEnrollment, type EnrollmentWish } from '../../server-stub/licensing/enrollments.ts';
import { type RunningServer, startServer } from '../../server-stub/server.ts';
import type { Store } from '../../server-stub/store/database.ts';
import { OpenApiClient } from './openapi-client.ts';
import { createServerFolder, type ServerFolder, type TestFolderOptions } from './server-folder.ts';
import { NOW, type World } from './world.ts';

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  time: number;
  readonly #start: number;
  now: () => number = () => this.time;

  constructor(start: number = NOW) {
    this.time = start;
    this.#start = start;
  }

  /** From here on the machine's own time, for tests with other processes. */
  run(): void {
    this.now = systemClock.now;
  }

  uptime = (): number => this.time - this.#start + 1000;
}

export interface TestServerOptions extends TestFolderOptions {
  tls?: boolean;
  rateLimitPerSecond?: number;
  /** Of an earlier server in this test, stopped since; a new one without. */
  folder?: ServerFolder;
  /** More configuration: `LICENSE_SERVER_…`. */
  env?: Readonly<Record<string, string>>;
  accessLog?: Logger;
  /** Where its clock stands; where the world's time starts without. */
  time?: number;
}

/** A real server in this process, on a free port, with a clock that the test moves. */
export class TestServer extends OpenApiClient {
  readonly clock: TestClock;
  readonly folder: ServerFolder;
  readonly #server: RunningServer;

  private constructor(clock: TestClock, folder: ServerFolder, server: RunningServer) {
    super(server.url, folder.credential, folder.world.appId, folder.world.purchase.pid);
    this.clock = clock;
    this.folder = folder;
    this.#server = server;
  }

  static async start({
    tls = false,
    rateLimitPerSecond = 0,
    folder: existing,
    env = {},
    accessLog,
    time,
    ...options
  }: TestServerOptions = {}): Promise<TestServer> {
    const folder = existing ?? (await createServerFolder(options));
    const clock = new TestClock(time ?? folder.world.now);
    const config = loadServerConfig(undefined, {
      LICENSE_SERVER_STATE_DIR: folder.stateDir,
      LICENSE_SERVER_DATABASE: folder.database,
      LICENSE_SERVER_HOST: '127.0.0.1',
      LICENSE_SERVER_PORT: '0',
      LICENSE_SERVER_TLS: String(tls),
      LICENSE_SERVER_RATE_LIMIT_PER_SECOND: String(rateLimitPerSecond),
      ...env,
    });
    const log = createLog('license-server', 'fatal');
    const server = await startServer(config, log, clock, { accessLog });
    onTestFinished(() => server.close());
    return new TestServer(clock, folder, server);
  }

  get world(): World {
    return this.folder.world;
  }

  /** Ends the server before the test does. */
  stop(): Promise<void> {
    return this.#server.close();
  }

  /** Of the plain listener for older device tools. */
  get legacyUrl(): string {
    return this.#server.legacyUrl ?? '';
  }

  /** Another pair of the company. */
  createCredential(scope: Scope): Promise<Credential> {
    return this.store.write(this.clock.now(), (transaction) =>
      createCredential(transaction, this.world.cid, scope, 'operator:test'),
    );
  }

  /** A program that has this pair. */
  clientWith(credential: Pick<Credential, 'customerId' | 'customerSecret'>, url = this.url): OpenApiClient {
    return new OpenApiClient(url, credential, this.world.appId, this.world.purchase.pid);
  }

  /** The server's own store: one process has one writer. */
  get store(): Store {
    return this.#server.store;
  }

  /** An enrollment of this server, as its file would say. */
  enrollment(wish: Partial<EnrollmentWish> = {}): Promise<Enrollment> {
    const { appId, purchase } = this.world;
    const { tls, roots, serverId } = loadInstallation(this.folder);
    const all: EnrollmentWish = {
      appId,
      pid: purchase.pid,
      maxActivations: 1000,
      expiresAt: this.world.now + 365 * 86_400,
      actor: 'operator:test',
      ...wish,
    };
    return this.store.write(this.clock.now(), (transaction) =>
      createEnrollment(transaction, all, {
        serverUrls: [this.url],
        caCertificate: tls.authority,
        serverId,
        rootThumbprint: roots.root.thumbprint,
      }),
    );
  }
}
