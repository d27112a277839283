import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import type { HeldTally } from '../byteCollector.js';
import type { MessageSink } from '../protocol.js';
import type { BodyReader } from '../transport/http1/message.js';
import { readGatewayBody } from './gateway.js';
import { JsonObjects } from './jsonObjects.js';
import { DecodedEtcdMessage, type MessagePlace } from './message.js';

/** One object has some 200 bytes. */
const LONGEST = 16_384;
/**
 * Renewals that wait for their answers.
 * @bound messages
 */
const WAITING = 1024;
const OP = 'LeaseKeepAlive';

/**
 * A call of the JSON gateway that renews leases as long as it lives: each object that the client sends is a renewal, each
 * that the server sends is the answer to one.
 */
export class KeepAliveStream {
  /** Messages of it that were told, by direction. */
  readonly told: [toServer: number, toClient: number] = [0, 0];
  private readonly waiting: DecodedEtcdMessage[] = [];

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    private readonly path: string,
    private readonly tally: HeldTally,
  ) {}

  /** The oldest renewal without an answer; null where there is none. */
  get oldest(): DecodedEtcdMessage | null {
    return this.waiting[0] ?? null;
  }

  /** Takes the body of one direction, as it comes. */
  reader(direction: Direction): BodyReader {
    let place: MessagePlace | null = null;
    let first: MessagePlace | null = null;
    let behind = 0;
    const objects = new JsonObjects(
      LONGEST,
      (text, at) => {
        const { firstFrame, firstTime } = first!;
        const { frame, time, streamEnd } = place!;
        this.tell(direction, text, { firstFrame, firstTime, frame, time, streamEnd: streamEnd - (behind - at) });
      },
      () => {
        first = place;
      },
      this.tally,
    );
    return {
      part: (bytes, start, end, where) => {
        place = where;
        behind = end;
        objects.add(bytes, start, end);
      },
      lost: () => {
        objects.lost();
      },
    };
  }

  private tell(direction: Direction, text: Buffer, place: MessagePlace): void {
    const { connection, path, waiting } = this;
    const kind = direction === TO_SERVER ? 'request' : 'response';
    const fields = readGatewayBody(OP, kind, text);
    const common = { path, length: text.length, fields };
    this.told[direction]++;
    if (direction === TO_SERVER) {
      const details = { ...common, method: 'POST' };
      const request = new DecodedEtcdMessage(connection, TO_SERVER, kind, OP, 'http', place, details);
      if (waiting.length >= WAITING) waiting.shift();
      waiting.push(request);
      this.sink.message(request);
      return;
    }
    // Answered in turn; where some went by unseen, the id tells which is answered.
    const id = fields.leaseId?.decimal;
    const index = waiting.findIndex((one) => one.leaseId?.decimal === id);
    const request = index < 0 ? null : waiting.splice(0, index + 1)[index]!;
    const latency = request === null ? null : Math.max(0, place.time - request.time);
    const details = { ...common, status: 200, request, latency };
    this.sink.message(new DecodedEtcdMessage(connection, TO_CLIENT, kind, OP, 'http', place, details));
  }
}
