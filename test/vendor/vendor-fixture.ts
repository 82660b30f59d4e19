import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Application, applicationDocument } from '#core/documents/application.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import type { Language } from '#core/errors.ts';
import type { Person } from '#core/host/person-at-terminal.ts';
import { newAppId, newId } from '#core/ids.ts';
import { generateSigningKey, type SigningKey } from '#core/keys.ts';
import { runVendor } from '../../server-stub/vendor/program.ts';
import { NOW, ONE_YEAR, VIDEO_SKU } from '../support/world.ts';

export const PASSPHRASE = 'correct horse battery staple';

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** stdout as the one line of JSON that it must be. */
  // biome-ignore lint/suspicious/noExplicitAny: a test names the members it expects
  readonly json: any;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly language?: Language;
  readonly person?: Person;
  readonly now?: number;
}

/** A temporary folder with a vendor in it, and the tool run on it with a clock of ours. */
export class VendorFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'license-vendor-'));
  readonly dir = join(this.folder, 'vendor');

  /** Making a vendor seals two keys, which takes its time by design; one is made and the others copy it. */
  static async create(): Promise<VendorFixture> {
    template ??= (async () => {
      const fixture = new VendorFixture();
      const { code, err } = await fixture.run(['init', '--dir', fixture.dir, '--name', 'Test Vendor']);
      if (code !== 0) throw new Error(err);
      return fixture;
    })();
    return VendorFixture.copyOf(await template);
  }

  /** A vendor of its own with the same keys and the same past. */
  static copyOf({ dir }: VendorFixture): VendorFixture {
    const fixture = new VendorFixture();
    cpSync(dir, fixture.dir, { recursive: true });
    return fixture;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string, mode = 0o600): string {
    writeFileSync(this.path(name), text, { mode });
    return this.path(name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  get roots() {
    return parseVendorRoots(this.read('vendor/vendor-roots.json'), 'roots');
  }

  get ledger(): string {
    return this.read('vendor/ledger.jsonl');
  }

  get entries(): Record<string, unknown>[] {
    return this.ledger
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  }

  /** Runs the tool in this process, `--dir` and passphrase given, nobody at the terminal. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const { env = { LICENSE_VENDOR_PASSPHRASE: PASSPHRASE }, language = 'en', person, now = NOW } = options;
    const output = { out: '', err: '' };
    const code = await runVendor(args, {
      terminal: {
        language,
        json: args.includes('--json'),
        out: (text) => {
          output.out += text;
        },
        err: (text) => {
          output.err += text;
        },
      },
      env,
      clock: { now: () => now, uptime: () => 0 },
      person,
    });
    return resultOf(code, output.out, output.err);
  }

  certify(args: readonly string[], options?: RunOptions): Promise<Result> {
    return this.run(['certify', '--dir', this.dir, '--json', ...args], options);
  }

  /** Confirmed by `--yes` where no person is there to ask; into `grant.jwt`, instead of the one before, by default. */
  grant(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    const file = this.path('grant.jwt');
    const out = args.includes('--out') ? [] : ['--out', file];
    if (out.length > 0) rmSync(file, { force: true });
    const yes = options.person === undefined ? ['--yes'] : [];
    return this.run(['grant', '--dir', this.dir, '--json', ...yes, ...out, ...args], options);
  }

  /** Runs the program as a person does: a process of its own, in a folder of its own. */
  spawn(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Result> {
    const work = this.path('work');
    mkdirSync(work, { recursive: true });
    const main = join(import.meta.dirname, '../../server-stub/vendor/main.ts');
    const child = spawn(process.execPath, [main, ...args], {
      cwd: work,
      env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output.err += text;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(resultOf(code ?? -1, output.out, output.err)));
    });
  }
}

let template: Promise<VendorFixture> | undefined;

function resultOf(code: number, out: string, err: string): Result {
  return {
    code,
    out,
    err,
    get json() {
      return JSON.parse(out);
    },
  };
}

/** A customer's server that applies. */
export class Applicant {
  readonly key: SigningKey;
  readonly serverId = newId();
  readonly cid: string;
  readonly appId = newAppId();

  constructor({ key = generateSigningKey(), cid = '717241' } = {}) {
    this.key = key;
    this.cid = cid;
  }

  apply(overrides: Partial<Application> = {}, signer: SigningKey = this.key): Promise<string> {
    const claims: Application = {
      applicationId: newId(),
      iss: this.serverId,
      iat: NOW,
      cid: this.cid,
      name: 'Example School',
      cnf: { jwk: this.key.jwk },
      items: [
        {
          kind: 'purchase',
          sku: VIDEO_SKU,
          validity: ONE_YEAR,
          category: 'device',
          count: 100,
          label: 'Video',
        },
      ],
      apps: [{ appId: this.appId, name: 'Classroom' }],
      preallocation: true,
      ...overrides,
    };
    return applicationDocument.sign(claims, signer);
  }

  /** The options of an order without an application. */
  get orderOptions(): string[] {
    return [
      ...['--server-id', this.serverId, '--cid', this.cid, '--name', 'Example School'],
      ...['--app', `${this.appId}=Classroom`],
    ];
  }
}
