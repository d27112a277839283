import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import { ByteCollector, type HeldTally } from '../byteCollector.js';
import type { MessageSink } from '../protocol.js';
import type { FramePlace } from '../transport/http2/frameReader.js';
import type { BodyReader } from '../transport/http1/message.js';
import { readGatewayBody } from './gateway.js';
import { KEEP_ALIVE, KeepAliveStream } from './keepAliveStream.js';
import { DecodedEtcdMessage, type MessagePlace } from './message.js';

/** A lease's JSON has some 200 bytes. */
const KEPT = 16_384;

interface Half {
  /** Takes renewals one by one, where it is about them. */
  readonly renewals: BodyReader | null;
  readonly body: ByteCollector;
  first: { readonly frame: number; readonly time: number } | null;
  length: number;
  truncated: boolean;
}

/**
 * One call of the JSON gateway on a stream of HTTP/2: a body in each direction, whole when its stream ends. Renewals of
 * leases are told when they come: a stream may hold many, and live as long as the lease.
 */
export class GatewayCall {
  private readonly halves: readonly [Half, Half];
  /** Of the response; null before its headers came. */
  status: number | null = null;
  private readonly renewals: KeepAliveStream | null;
  private request: DecodedEtcdMessage | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    private readonly op: string,
    private readonly path: string,
    tally: HeldTally,
  ) {
    this.renewals = op === KEEP_ALIVE ? new KeepAliveStream(connection, sink, path, tally) : null;
    this.halves = [this.newHalf(TO_SERVER, tally), this.newHalf(TO_CLIENT, tally)];
  }

  /** Keeps nothing of the bodies under way. */
  giveUp(): void {
    for (const half of this.halves) {
      if (half.body.length > 0) half.truncated = true;
      half.body.release();
      half.body.close();
      half.renewals?.lost();
    }
    this.renewals?.close();
  }

  data(direction: Direction, bytes: Buffer, start: number, end: number, place: FramePlace): void {
    const half = this.halves[direction];
    half.first ??= { frame: place.firstFrame, time: place.firstTime };
    half.length += end - start;
    const refused = direction === TO_CLIENT && (this.status ?? 0) >= 400;
    if (half.renewals === null || refused) half.body.add(bytes, start, end);
    else half.renewals.part(bytes, start, end, place);
  }

  gap(direction: Direction, length: number): void {
    const half = this.halves[direction];
    half.length += length;
    half.truncated = true;
    half.body.close();
    half.renewals?.lost();
  }

  /** One side has said all. */
  end(direction: Direction, place: FramePlace): void {
    const { connection, op, path, renewals, status } = this;
    const { body, first, length, truncated } = this.halves[direction];
    const oldest = renewals?.oldest ?? null;
    if (direction === TO_CLIENT) renewals?.close();
    if ((renewals?.told[direction] ?? 0) > 0) return;
    const kind = direction === TO_SERVER ? 'request' : 'response';
    const where: MessagePlace = {
      ...{ firstFrame: first?.frame ?? place.firstFrame, firstTime: first?.time ?? place.firstTime },
      ...{ frame: place.frame, time: place.time, streamEnd: place.streamEnd },
    };
    const failed = direction === TO_CLIENT && (status ?? 0) >= 400;
    const fields = failed ? {} : { fields: readGatewayBody(op, kind, body.view()) };
    const common = { path, length, truncated, ...fields };
    const request = this.request ?? oldest;
    const latency = request === null ? null : Math.max(0, place.time - request.time);
    const details = direction === TO_SERVER ? { ...common, method: 'POST' } : { ...common, status, request, latency };
    const message = new DecodedEtcdMessage(connection, direction, kind, op, 'http', where, details);
    body.release();
    if (direction === TO_SERVER) this.request = message;
    this.sink.message(message);
  }

  private newHalf(direction: Direction, tally: HeldTally): Half {
    const renewals = this.renewals?.reader(direction) ?? null;
    return { renewals, body: new ByteCollector(KEPT, tally), first: null, length: 0, truncated: false };
  }
}
