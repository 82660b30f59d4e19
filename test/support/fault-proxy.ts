import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** The network between two programs, which a test cuts and joins again. */
export class FaultProxy {
  readonly url: string;
  #isUp = true;
  readonly #sockets: Set<Socket>;

  private constructor(url: string, sockets: Set<Socket>) {
    this.url = url;
    this.#sockets = sockets;
  }

  /** In front of a server at an `http://` URL. */
  static async start(target: string): Promise<FaultProxy> {
    const { hostname, port } = new URL(target);
    const sockets = new Set<Socket>();
    const track = (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      return socket;
    };
    const server = createServer((client) => {
      track(client);
      if (!proxy.#isUp) return void client.destroy();
      const upstream = track(connect(Number(port), hostname));
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const proxy = new FaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets);
    return proxy;
  }

  cut(): void {
    this.#isUp = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  join(): void {
    this.#isUp = true;
  }
}
