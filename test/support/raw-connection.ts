import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { onTestFinished } from 'vitest';

export interface RawAnswer {
  readonly statusLine: string;
  /** Names as they were spelled. */
  readonly names: readonly string[];
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A connection on which a test says every byte itself, and reads answers as they were framed. */
export class RawConnection {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    const end = () => {
      this.#closed = true;
      this.#wake();
    };
    socket.on('close', end);
    socket.on('error', end);
    onTestFinished(() => void socket.destroy());
  }

  /** Connects to the host of a URL; over TLS where it is https. */
  static async open(url: string, options: ConnectionOptions = {}): Promise<RawConnection> {
    const { protocol, hostname: host, port } = new URL(url);
    const tls = protocol === 'https:';
    const socket = tls
      ? connectTls({ host, port: Number(port), rejectUnauthorized: false, ...options })
      : connect(Number(port), host);
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', () => resolve());
      socket.once('error', reject);
    });
    return new RawConnection(socket);
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Resolves when the server has ended the connection. */
  async closed(): Promise<void> {
    while (!this.#closed) await this.#more();
  }

  /** The next answer, whole. */
  async answer(): Promise<RawAnswer> {
    const head = await this.#until(() => this.#received.indexOf('\r\n\r\n'));
    const [statusLine = '', ...lines] = this.#take(head + 4)
      .toString('latin1')
      .trimEnd()
      .split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => {
        const [name = '', ...value] = line.split(': ');
        return [name.toLowerCase(), value.join(': ')];
      }),
    );
    const names = lines.map((line) => line.split(':', 1)[0] as string);
    const status = Number(statusLine.split(' ')[1]);
    const length = status === 100 ? 0 : Number(headers['content-length']);
    if (Number.isNaN(length)) throw new Error(`no Content-Length in: ${statusLine} ${lines.join(' | ')}`);
    await this.#until(() => (this.#received.length >= length ? 0 : -1));
    return { statusLine, names, status, headers, body: this.#take(length).toString() };
  }

  /** Bytes that came and no answer asked for. */
  get rest(): number {
    return this.#received.length;
  }

  async #until(found: () => number): Promise<number> {
    for (;;) {
      const at = found();
      if (at >= 0) return at;
      if (this.#closed) throw new Error(`the connection ended after: ${this.#received.toString()}`);
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(length: number): Buffer {
    const taken = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return taken;
  }
}
