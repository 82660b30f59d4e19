import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { newId } from '#core/ids.ts';
import { requireDebianProgram } from './debian.ts';

/** A certificate to answer TCP with, PEM, and the port of 127.0.0.1. */
export interface PostgresTls {
  readonly certificate: string;
  readonly privateKey: string;
  readonly port: number;
}

/** A PostgreSQL of one's own: Debian's, in a temporary folder, reached by a unix socket, over TCP only with TLS. */
export class PostgresCluster {
  readonly #folder: string;
  readonly #tls: PostgresTls | undefined;

  private constructor(folder: string, tls: PostgresTls | undefined) {
    this.#folder = folder;
    this.#tls = tls;
  }

  static start(tls?: PostgresTls): PostgresCluster {
    requireDebianProgram('pg_ctlcluster', 'postgresql');
    const folder = mkdtempSync(join(tmpdir(), 'license-pg-'));
    if (tls !== undefined) {
      writeFileSync(join(folder, 'server.crt'), tls.certificate);
      writeFileSync(join(folder, 'server.key'), tls.privateKey, { mode: 0o600 });
    }
    if (process.getuid?.() === 0) execFileSync('chown', ['--recursive', 'postgres', folder]);
    const cluster = new PostgresCluster(folder, tls);
    cluster.#run(
      'initdb',
      '--auth=trust',
      '--username=postgres',
      '--encoding=UTF8',
      '--no-locale',
      '--no-sync',
    );
    cluster.startAgain();
    return cluster;
  }

  /** After a {@link crash}, or to begin with. */
  startAgain(): void {
    const listen =
      this.#tls === undefined
        ? 'listen_addresses='
        : `listen_addresses=127.0.0.1 -c port=${this.#tls.port} -c ssl=on -c ssl_cert_file=${this.#folder}/server.crt -c ssl_key_file=${this.#folder}/server.key`;
    const settings = `-k ${this.#folder} -c ${listen} -c max_connections=200 -c shared_buffers=64MB`;
    this.#run('pg_ctl', '--wait', '--silent', '-l', join(this.#folder, 'log'), '-o', settings, 'start');
  }

  /** Ends it as a power cut would: nothing is flushed, nobody is told. */
  crash(): void {
    this.#run('pg_ctl', '--wait', '--silent', '--mode=immediate', 'stop');
  }

  /** An empty database; its URL. */
  async createDatabase(options = ''): Promise<string> {
    const name = `test_${newId().toLowerCase()}`;
    const client = new Client({ connectionString: this.#urlOf('postgres') });
    await client.connect();
    await client.query(`create database ${name} ${options}`);
    await client.end();
    return this.#urlOf(name);
  }

  stop(): void {
    this.#run('pg_ctl', '--wait', '--silent', '--mode=immediate', 'stop');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #urlOf(database: string): string {
    return this.#tls === undefined
      ? `postgres://localhost/${database}?host=${this.#folder}&user=postgres`
      : `postgres://postgres@127.0.0.1:${this.#tls.port}/${database}`;
  }

  /** PostgreSQL refuses to run as root. */
  #run(program: string, ...args: readonly string[]): void {
    const [binary = program] = globSync(`/usr/lib/postgresql/*/bin/${program}`);
    const data = ['-D', join(this.#folder, 'data')];
    const command = [binary, ...args.slice(0, -1), ...data, ...args.slice(-1)];
    const [file = '', ...rest] =
      process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...command] : command;
    execFileSync(file, rest, { cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] });
  }
}
