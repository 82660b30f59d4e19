import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './folder.ts';
import { type Ended, runHere } from './run-here.ts';

const PASSPHRASE = 'correct horse battery staple';

/** A vendor and a server that it certified, both made by their own commands, and the files that went between them. */
export class VendorAndServer {
  readonly folder = temporaryFolder();
  readonly vendorDir = join(this.folder, 'vendor');
  readonly stateDir = join(this.folder, 'server');
  /** What the device maker installed first. */
  readonly firstRoots = join(this.folder, 'first-roots.json');
  readonly cid = '717241';
  appId = '';
  pid = '';

  static async create(): Promise<VendorAndServer> {
    const pair = new VendorAndServer();
    const { path } = pair;
    await pair.vendor('init', '--name', 'Test Vendor');
    copyFileSync(pair.rootsFile, pair.firstRoots);
    await pair.server('init', '--vendor-roots', pair.firstRoots, '--host', '127.0.0.1');
    await pair.server(
      ...['apply', '--cid', pair.cid, '--name', 'School', '--app', 'Classroom'],
      ...['--purchase', 'validity=1y,count=10', '--out', path('application.jwt')],
    );
    await pair.vendor('certify', path('application.jwt'), '--out', path('certificate.jwt'));
    const { lines, apps } = await pair.grant('grant.jwt');
    [pair.appId, pair.pid] = [apps[0].appId, lines[0].pid];
    for (const name of ['certificate.jwt', 'grant.jwt']) await pair.server('import', path(name));
    return pair;
  }

  /** The vendor's roots file as it is now. */
  get rootsFile(): string {
    return join(this.vendorDir, 'vendor-roots.json');
  }

  readonly path = (name: string): string => join(this.folder, name);

  grant(name: string, ...more: string[]) {
    const out = ['--yes', '--out', this.path(name)];
    return this.vendor('grant', '--from', this.path('application.jwt'), ...out, ...more);
  }

  enrollment(name: string, url: string) {
    return this.server(
      ...['enrollment', 'create', '--app', this.appId, '--pid', this.pid],
      ...['--url', url, '--out', this.path(name)],
    );
  }

  /** What a vendor's command answered. */
  async vendor(command: string, ...args: string[]) {
    const env = { LICENSE_VENDOR_PASSPHRASE: PASSPHRASE };
    return answered(
      await runHere('vendor', { args: ['--json', command, '--dir', this.vendorDir, ...args], env }),
    );
  }

  /** What a server's command answered. */
  async server(...args: string[]) {
    return answered(await this.tryServer(...args));
  }

  tryServer(...args: string[]): Promise<Ended> {
    const env = { LICENSE_SERVER_STATE_DIR: this.stateDir, LICENSE_SERVER_TLS: 'false' };
    return runHere('server', { args: ['--json', ...args], env });
  }
}

function answered({ code, stdout, stderr }: Ended) {
  if (code !== 0) throw new Error(`exit ${code}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}
