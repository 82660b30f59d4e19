import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { END_OF_TIME } from '#core/calendar.ts';
import { bindFingerprint } from '#core/device/fingerprint.ts';
import { Answer, type VerifiedAnswer } from '#core/documents/answer.ts';
import type { Enrollment } from '#core/documents/enrollment.ts';
import type { DenialCode } from '#core/documents/license-denial.ts';
import type { Purpose } from '#core/documents/license-request.ts';
import {
  type LicenseRequest,
  parseLicenseRequest,
  verifyLicenseRequest,
} from '#core/documents/license-request.ts';
import type { LicenseToken } from '#core/documents/license-token.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { LicenseError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { type SigningKey, verificationKey } from '#core/keys.ts';
import { shapeProblem } from '#core/shapes.ts';
import { type AgentConfig, loadAgentConfig } from '../../agent/config.ts';
import { type Daemon, startDaemon } from '../../agent/daemon.ts';
import type { Device } from '../../agent/device.ts';
import { type Enrolled, enrolledDevice } from '../../agent/enrolled.ts';
import type { Identity } from '../../agent/identity.ts';
import { Licenses } from '../../agent/licenses.ts';
import { createServerClient } from '../../agent/server-client.ts';
import { AgentStore } from '../../agent/store/agent-store.ts';
import type { Channel, PendingRequest } from '../../agent/store/schema.ts';
import { TrustedClock } from '../../agent/trusted-clock.ts';
import type { ClockReading } from '../../agent/trusted-time.ts';
import type { Wish } from '../../agent/wish.ts';
import { NOW, type World } from '../support/world.ts';

export const HOUR = 3600;
export const DAY = 86_400;
export const silentLog = pino({ level: 'silent' });

/** Components that a real board would have. */
export const BOARD: Identity['components'] = {
  boardSerial: ['BSN-1'],
  productUuid: ['4c4c4544-0042-3510-8054-b4c04f4d3332'],
  macs: ['00:1b:21:aa:bb:01'],
};

/** A folder of the test's own; its path is short, since sockets lie in it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'la-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The machine's clocks, moved by the test. */
export class FakeClock implements ClockReading {
  wall: number;
  uptime = 1000;
  bootId = 'boot-1';

  constructor(wall: number = NOW) {
    this.wall = wall;
  }

  readonly read = (): ClockReading => ({ wall: this.wall, uptime: this.uptime, bootId: this.bootId });

  /** Time goes by on a running machine. */
  pass(seconds: number): void {
    this.wall += seconds;
    this.uptime += seconds;
  }

  /** Power off, and on again after a while. */
  reboot({
    offSeconds = 0,
    wall,
    uptime = 20,
  }: {
    offSeconds?: number;
    wall?: number;
    uptime?: number;
  } = {}): void {
    this.wall = wall ?? this.wall + offSeconds;
    this.uptime = uptime;
    this.bootId = `${this.bootId}'`;
  }
}

/** The device of a world: its key, its LicenseKey, a board. */
export function deviceOf(
  { deviceKey, licenseKey }: World,
  { key = deviceKey, components = BOARD }: { key?: SigningKey; components?: Identity['components'] } = {},
): Device {
  return { key, licenseKey: { licenseKey, source: 'literal', shared: false }, identity: { components } };
}

/** An agent's configuration with roots, identity and agent.toml in a folder of its own. */
export class AgentFolder {
  readonly path: string;
  readonly world: World;
  readonly configFile: string;
  enrollment: Enrollment;

  constructor(world: World, path: string = temporaryFolder()) {
    this.path = path;
    this.world = world;
    this.configFile = join(path, 'agent.toml');
    this.enrollment = world.enrollment();
    mkdirSync(path, { recursive: true });
    this.write('roots.json', {
      version: 1,
      vendor: 'Test vendor',
      root: world.root.jwk,
      spare: world.spare.jwk,
    });
    this.write('identity.json', { components: BOARD });
    this.write('enrollment-in.json', this.enrollment);
    writeFileSync(this.configFile, this.toml());
  }

  toml(extra = ''): string {
    return [
      `stateDir = "${join(this.path, 'state')}"`,
      `runtimeDir = "${this.path}"`,
      `vendorRootsFile = "${join(this.path, 'roots.json')}"`,
      `identityFile = "${join(this.path, 'identity.json')}"`,
      'licenseKeyStrategy = "literal"',
      `licenseKeyValue = "${this.world.licenseKey}"`,
      'requestTimeoutSeconds = 2',
      extra,
    ].join('\n');
  }

  /** Puts lines into agent.toml beside the usual ones. */
  configure(lines: string): void {
    writeFileSync(this.configFile, this.toml(lines));
  }

  get config(): AgentConfig {
    return loadAgentConfig({ config: this.configFile }, {});
  }

  get state(): string {
    return join(this.path, 'state');
  }

  get store(): string {
    return join(this.state, 'agent.db');
  }

  get enrollmentFile(): string {
    return join(this.path, 'enrollment-in.json');
  }

  write(name: string, value: object): string {
    const file = join(this.path, name);
    writeFileSync(file, JSON.stringify(value));
    return file;
  }

  /** Puts an enrollment for a server in place, as `enroll` does. */
  enroll(serverUrl: string): void {
    this.enrollment = { ...this.enrollment, serverUrls: [serverUrl] };
    this.write('enrollment-in.json', this.enrollment);
    mkdirSync(this.state, { recursive: true, mode: 0o700 });
    writeFileSync(join(this.state, 'enrollment.json'), JSON.stringify(this.enrollment), { mode: 0o600 });
  }

  enrolled(device: Device, enrollment: Enrollment = this.enrollment): Enrolled {
    const file = this.config.vendorRootsFile;
    return enrolledDevice({ enrollment, roots: parseVendorRoots(readFileSync(file, 'utf8'), file) }, device);
  }
}

/** A daemon in this process, on real sockets and files, with a clock that the test moves. */
export async function runDaemon(folder: AgentFolder, clock = new FakeClock()): Promise<Daemon> {
  const { config } = folder;
  const daemon = await startDaemon({
    config,
    send: createServerClient({ timeoutMs: config.requestTimeoutSeconds * 1000, env: {} }),
    readClock: clock.read,
    random: () => 0.5,
    log: silentLog,
  });
  onTestFinished(() => daemon.close());
  return daemon;
}

export interface Agent {
  readonly folder: AgentFolder;
  readonly licenses: Licenses;
  readonly store: AgentStore;
  readonly clock: FakeClock;
  /** Asks for a license and accepts what the world answers; each part of the token can be bent. */
  activate(overrides?: Partial<LicenseToken>): Promise<LicenseToken>;
  /** A request that waits for its answer. */
  request(purpose?: Purpose, channel?: Channel, wish?: Partial<Wish>): Promise<PendingRequest>;
  /** Accepts one answer, or throws why not. */
  accept(answer: unknown, options: { channel: Channel; jti?: string }): Promise<VerifiedAnswer>;
  /** The same files under a new process. */
  restart(): Agent;
}

/** The use cases over a real store, without sockets and network. */
export function openAgent(
  world: World,
  { clock = new FakeClock(), folder = new AgentFolder(world), device = deviceOf(world) } = {},
): Agent {
  mkdirSync(folder.state, { recursive: true });
  const store = AgentStore.open(folder.store, () => clock.wall);
  onTestFinished(() => store.close());
  const trusted = new TrustedClock(clock.read, store.clockMark);
  const licenses = new Licenses({
    device,
    enrolled: folder.enrolled(device),
    store,
    clock: trusted,
    log: silentLog,
  });
  const request: Agent['request'] = async (purpose = 'refresh', channel = 'online', wish = {}) => {
    const { licenseKey } = world;
    const [made] = await licenses.prepare([{ licenseKey, purpose, automatic: true, ...wish }], channel);
    return made as PendingRequest;
  };
  const accept: Agent['accept'] = async (answer, { channel, jti }) => {
    const [accepted] = await licenses.accept([{ answer, ...(jti && { jti }) }], channel);
    if (accepted === undefined || accepted instanceof LicenseError) throw accepted;
    return accepted.verified;
  };
  return {
    folder,
    licenses,
    store,
    clock,
    request,
    accept,
    async activate(overrides = {}) {
      const { jti } = await request('activate');
      const answer = await world.tokenAnswer({
        nonce: jti,
        iat: clock.wall,
        cnf: { jkt: device.key.thumbprint },
        ...overrides,
      });
      const accepted = await accept(answer, { channel: 'online', jti });
      if (accepted.kind !== 'token') throw new Error('expected a token');
      return accepted.token;
    },
    restart() {
      store.saveClockMark(trusted.mark);
      store.close();
      return openAgent(world, { clock, folder, device });
    },
  };
}

/** What a server does with a request: an answer, a raw response, or worse. */
export type Reply =
  | Answer
  | { status: number; body: string | Buffer; headers?: Record<string, string> }
  | 'close'
  | 'hang';

/** A server that signs for real, and misbehaves where a test wants it to. */
export class SigningServer {
  readonly world: World;
  url = '';
  close: () => void = () => {};
  /** The server's own clock. */
  now: () => number;
  /** Calls that brought them. */
  calls = 0;
  /** Each request that arrived, in order. */
  readonly requests: LicenseRequest[] = [];
  /** License values by LicenseKey: the seats in use. */
  readonly seats = new Map<
    string,
    { license: string; activationTime: number; key: SigningKey['thumbprint'] }
  >();
  readonly #answers = new Map<string, Answer>();
  /** What it does instead of answering. */
  misbehave: ((request: LicenseRequest) => Reply | undefined | Promise<Reply | undefined>) | undefined;
  /** Settings of the tokens it makes. */
  token: Partial<LicenseToken> = {};

  private constructor(world: World, now: () => number) {
    this.world = world;
    this.now = now;
  }

  /** For one test. */
  static async start(world: World, now?: () => number): Promise<SigningServer> {
    const server = await SigningServer.open(world, now);
    onTestFinished(() => server.close());
    return server;
  }

  static async open(world: World, now: () => number = () => NOW): Promise<SigningServer> {
    const server = new SigningServer(world, now);
    const http = createServer((request, response) => {
      if (request.method === 'GET') return void response.end('{"status":"ok"}');
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => void server.#serve(Buffer.concat(chunks).toString(), response));
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    server.close = () => {
      http.closeAllConnections();
      http.close();
    };
    server.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    return server;
  }

  /** An honest answer; the same jti gets the same one. */
  async answer(request: LicenseRequest): Promise<Answer> {
    const known = this.#answers.get(request.jti);
    if (known !== undefined) return known;
    const key = request.licenseKey;
    const jkt = parseLicenseRequestKey(request);
    const seat = this.seats.get(key) ?? { license: newId(), activationTime: this.now(), key: jkt };
    if (request.purpose === 'activate') this.seats.set(key, seat);
    if (request.purpose === 'release' && this.seats.has(key))
      return this.deny(request, 'released', seat.license);
    if (request.purpose === 'transfer' && this.seats.has(key))
      return this.deny(request, 'transferred', seat.license);
    if (!this.seats.has(key)) return this.deny(request, 'unknown_license');
    const { license, activationTime } = seat;
    const answer = await this.world.tokenAnswer(
      {
        nonce: request.jti,
        iat: this.now(),
        activationTime,
        license,
        licenseKey: key,
        cnf: { jkt },
        fingerprint: bindFingerprint(request.fingerprint, license),
        ...this.token,
      },
      { issuerCertificate: await this.world.certificate({ nbf: 0, exp: END_OF_TIME }) },
    );
    this.#answers.set(request.jti, answer);
    return answer;
  }

  async deny(request: LicenseRequest, code: DenialCode, license?: string): Promise<Answer> {
    const jkt = parseLicenseRequestKey(request);
    return this.world.denialAnswer(
      code,
      {
        nonce: request.jti,
        iat: this.now(),
        licenseKey: request.licenseKey,
        cnf: { jkt },
        ...(license && { license }),
      },
      { issuerCertificate: await this.world.certificate({ nbf: 0, exp: END_OF_TIME }) },
    );
  }

  async #serve(body: string, response: ServerResponse): Promise<void> {
    const isArray = body.startsWith('[');
    const compacts: string[] = isArray ? JSON.parse(body) : [body];
    const replies: Reply[] = [];
    for (const compact of compacts) {
      const request = await verifyLicenseRequest(parseLicenseRequest(compact));
      this.requests.push(request);
      replies.push((await this.misbehave?.(request)) ?? (await this.answer(request)));
    }
    this.calls += 1;
    const [reply] = replies;
    if (replies.includes('hang')) return;
    if (replies.includes('close')) return void response.destroy();
    if (isArray)
      return void response.setHeader('content-type', 'application/json').end(JSON.stringify(replies));
    if (shapeProblem(Answer, reply) === undefined) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(reply));
    } else {
      const { status, body: text, headers = {} } = reply as Exclude<Reply, Answer | string>;
      response.writeHead(status, headers).end(text);
    }
  }
}

function parseLicenseRequestKey({ jwk }: LicenseRequest): string {
  return verificationKey(jwk).thumbprint;
}

export interface ProgramResult {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one line of `--json`. */
  readonly json: Record<string, unknown>;
}

/** Runs the program itself. */
export async function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramResult> {
  const child = spawnProgram(args, env);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exit = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    exit,
    stdout,
    stderr,
    get json() {
      return JSON.parse(stdout) as Record<string, unknown>;
    },
  };
}

/** Starts the daemon as a process and waits until it says that it is ready. */
export async function spawnDaemon(folder: AgentFolder) {
  const child = spawnProgram(['run', '--json', '--config', folder.configFile]);
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('close', (exit) => reject(new Error(`the daemon ended with ${exit}`)));
  });
  return {
    /** Ends it and waits for the end. */
    async kill(signal: 'SIGKILL' | 'SIGTERM') {
      child.kill(signal);
      await gone;
      return child.exitCode;
    },
  };
}

function spawnProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawn(process.execPath, ['agent/main.ts', ...args], {
    env: { PATH: process.env['PATH'] ?? '', LANG: 'C', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
