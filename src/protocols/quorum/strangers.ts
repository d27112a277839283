import { TO_CLIENT, TO_SERVER, type Connection } from '../../network/connection.js';
import type { StreamChunk } from '../../network/streamChunk.js';
import { foreignName } from '../foreign.js';
import type { MessageSink } from '../protocol.js';

/**
 * Watches the beginning of a connection for something that is not ZooKeeper's at all, such as an HTTP health check on the
 * port: its bytes are counted and told once, at the end.
 */
export class Strangers {
  private begun: boolean;
  private readonly bytes: [number, number] = [0, 0];

  constructor(private readonly connection: Connection) {
    this.begun = connection.midStream;
  }

  /** Whether these bytes are a stranger's, and need no decoding. */
  takes({ direction, bytes, start, end }: StreamChunk): boolean {
    if (!this.begun && direction === TO_SERVER) {
      this.begun = true;
      this.connection.foreign = foreignName(bytes, start, end);
    }
    if (this.connection.foreign === null) return false;
    this.bytes[direction] += end - start;
    return true;
  }

  end(sink: MessageSink, frame: number, time: number): void {
    const { connection } = this;
    for (const direction of [TO_SERVER, TO_CLIENT] as const) {
      const bytes = this.bytes[direction];
      this.bytes[direction] = 0;
      if (bytes > 0) sink.gap({ connection, direction, frame, time, bytes, reason: 'foreign' });
    }
  }
}
