import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { temporaryFolder } from '../support/folder.ts';
import type { Ended } from '../support/run-here.ts';
import { Running, run } from './program.ts';

/** The folders of one device, and the agent's commands on them as a technician runs them. */
export class AgentFolder {
  readonly stateDir: string;
  readonly storeFile: string;
  readonly enrollmentFile: string;
  readonly #env: Readonly<Record<string, string>>;

  /** @param rootsFile what the device maker installed */
  constructor(rootsFile: string, env: Readonly<Record<string, string>> = {}) {
    const folder = temporaryFolder();
    this.stateDir = join(folder, 'state');
    this.storeFile = join(this.stateDir, 'agent.db');
    this.enrollmentFile = join(folder, 'enrollment.json');
    const runtimeDir = join(folder, 'run');
    mkdirSync(runtimeDir);
    this.#env = {
      LICENSE_AGENT_STATE_DIR: this.stateDir,
      LICENSE_AGENT_RUNTIME_DIR: runtimeDir,
      LICENSE_AGENT_VENDOR_ROOTS_FILE: rootsFile,
      LICENSE_AGENT_LICENSE_KEY_STRATEGY: 'literal',
      LICENSE_AGENT_LICENSE_KEY_VALUE: 'SN-0001',
      LICENSE_AGENT_LOG_LEVEL: 'error',
      LICENSE_AGENT_REQUEST_TIMEOUT_SECONDS: '5',
      ...env,
    };
  }

  /** Runs a command to its end; `under` as in {@link run}. */
  command(args: readonly string[], under: readonly string[] = []): Promise<Ended> {
    return run('agent', { args, env: this.#env, under });
  }

  async enroll(enrollment: Enrollment): Promise<Ended> {
    writeFileSync(this.enrollmentFile, JSON.stringify(enrollment), { mode: 0o600 });
    return this.command(['enroll', this.enrollmentFile]);
  }

  /** Starts the daemon. */
  daemon(under: readonly string[] = []): Promise<Running> {
    return Running.start('agent', { args: ['run', '--json'], env: this.#env, under });
  }

  async checkExit(media?: string, under: readonly string[] = []): Promise<number | null> {
    return (await this.command(['check', ...(media ? ['--media', media] : [])], under)).code;
  }

  /** Checks again until the exit code is there; a check is a whole process, so this waits without sleeping. */
  async checkUntil(expected: number, within = 100): Promise<void> {
    for (let tried = 0; tried < within; tried += 1) {
      if ((await this.checkExit()) === expected) return;
    }
    throw new Error(
      `check never ended with ${expected}: ${JSON.stringify(await this.command(['status', '--json']))}`,
    );
  }
}
