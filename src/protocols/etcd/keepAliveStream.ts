import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import type { HeldTally } from '../byteCollector.js';
import type { MessageSink } from '../protocol.js';
import type { BodyReader } from '../transport/http1/message.js';
import { readGatewayBody } from './gateway.js';
import { JsonObjects } from './jsonObjects.js';
import { DecodedEtcdMessage, type MessagePlace } from './message.js';
import { noFields } from './records.js';

/** One object has some 200 bytes. */
const LONGEST = 16_384;
/**
 * Renewals that wait for their answers.
 * @bound messages
 */
const WAITING = 1024;
/** Bytes that one of them takes. */
const REQUEST_COST = 1500;
const MAX_ERROR = 256;
export const KEEP_ALIVE = 'LeaseKeepAlive';

/**
 * A call of the JSON gateway that renews leases, one or as long as it lives, over HTTP/1 or HTTP/2: each object that the
 * client sends is a renewal, each that the server sends is the answer to one.
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

  /** No answer is awaited any more. */
  close(): void {
    this.tally.bytes -= this.waiting.length * REQUEST_COST;
    this.waiting.length = 0;
  }

  /** Takes the body of one direction, as it comes. */
  reader(direction: Direction): BodyReader {
    let place: MessagePlace | null = null;
    let first = { firstFrame: 0, firstTime: 0 };
    let behind = 0;
    const objects = new JsonObjects(
      LONGEST,
      (text, at) => {
        const { frame, time, streamEnd } = place!;
        this.tell(direction, text, { ...first, frame, time, streamEnd: streamEnd - (behind - at) });
      },
      () => {
        const { firstFrame, firstTime } = place!;
        first = { firstFrame, firstTime };
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
    this.told[direction]++;
    const refused = direction === TO_CLIENT ? refusal(text) : null;
    const fields = refused === null ? readGatewayBody(KEEP_ALIVE, kind, text) : noFields();
    const common = { path, length: text.length, fields };
    if (direction === TO_SERVER) {
      const details = { ...common, method: 'POST' };
      const request = new DecodedEtcdMessage(connection, TO_SERVER, kind, KEEP_ALIVE, 'http', place, details);
      if (waiting.length >= WAITING) this.take(0);
      waiting.push(request);
      this.tally.bytes += REQUEST_COST;
      this.sink.message(request);
      return;
    }
    // Answered in turn; where some went by unseen, the id tells which is answered.
    const id = fields.leaseId?.decimal;
    const index = refused === null ? waiting.findIndex((one) => one.leaseId?.decimal === id) : 0;
    const request = this.take(index);
    const latency = request === null ? null : Math.max(0, place.time - request.time);
    const details = { ...common, status: 200, error: refused, request, latency };
    this.sink.message(new DecodedEtcdMessage(connection, TO_CLIENT, kind, KEEP_ALIVE, 'http', place, details));
  }

  /** Takes the one at `index` from those that wait, and those before it; null where there is none. */
  private take(index: number): DecodedEtcdMessage | null {
    const taken = this.waiting.splice(0, index + 1);
    this.tally.bytes -= taken.length * REQUEST_COST;
    return taken.at(-1) ?? null;
  }
}

/** What an object in place of an answer says went wrong, as the gateway ends a stream that had begun; null where it is an answer. */
function refusal(object: Buffer): string | null {
  const text = object.toString('utf8');
  if (!/^\{\s{0,9}"error"/.test(text)) return null;
  const said = /"message"\s{0,9}:\s{0,9}"((?:[^"\\]|\\.){0,1000})/.exec(text)?.[1] ?? '';
  return said === '' ? 'error' : said.slice(0, MAX_ERROR);
}
