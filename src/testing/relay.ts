import { once } from 'node:events';
import net from 'node:net';
import { TO_CLIENT, TO_SERVER, type Direction } from '../network/connection.js';

export interface RecordedSegment {
  readonly direction: Direction;
  /** Null for the end of a direction. */
  readonly bytes: Buffer | null;
}

/** A TCP relay on the loopback that writes down what passes: how real clients and servers are recorded for tests. */
export class Relay {
  readonly segments: RecordedSegment[] = [];
  private readonly sockets = new Set<net.Socket>();
  private readonly server: net.Server;

  constructor(private readonly port: number) {
    this.server = net.createServer((client) => {
      const upstream = net.connect(this.port, '127.0.0.1');
      this.pass(client, upstream, TO_SERVER);
      this.pass(upstream, client, TO_CLIENT);
    });
  }

  /** Returns the port to connect to. */
  async listen(): Promise<number> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return (this.server.address() as net.AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  private pass(from: net.Socket, to: net.Socket, direction: Direction): void {
    this.sockets.add(from);
    from.on('data', (bytes: Buffer) => {
      this.segments.push({ direction, bytes: Buffer.from(bytes) });
      to.write(bytes);
    });
    from.on('end', () => {
      this.segments.push({ direction, bytes: null });
      to.end();
    });
    from.on('error', () => to.destroy());
  }
}
