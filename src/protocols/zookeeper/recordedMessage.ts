import type { Direction } from '../../network/connection.js';
import type { LineFields } from '../lineFields.js';
import type { LinePlace } from '../journal.js';
import { ChildNames } from './childLists.js';
import { eventTypes, keeperStates } from './format/enums.js';
import type { Names } from '../numberNames.js';
import { CONNECT, layoutNamed, requestLayout, responseLayout, type RecordLayout } from './format/layout.js';
import { bodyOfLine, statOfLine } from './format/printed.js';
import type { RequestBody, ResponseBody } from './format/records.js';
import { zxidNumber, type Stat } from './format/stat.js';
import { NOTHING_WAITS, type WaitingRequests } from './connection/waitingRequests.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from './message.js';

/** A message as a decoded line tells it: a plain record where the decoder's is a view on bytes. */
export class RecordedMessage implements ZooKeeperMessage {
  readonly protocol = 'zookeeper';
  readonly direction: Direction;
  readonly kind: ZooKeeperMessage['kind'];
  readonly opcode: number | null;
  readonly op: string | null;
  readonly session: string | null;
  readonly frame: number;
  readonly time: number;
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly streamEnd: number;
  readonly length: number;
  readonly truncated: boolean;
  readonly xid: number;
  readonly path: string | null;
  readonly watch: boolean;
  readonly flags: number;
  readonly zxid: number;
  readonly zxidHi: number;
  readonly zxidLo: number;
  readonly err: number;
  readonly latency: number | null;
  readonly eventType: number;
  readonly state: number;
  /** The request that it answers; of a request, what it asks. */
  request: ZooKeeperRequest | null = null;
  waiting: WaitingRequests = NOTHING_WAITS;
  private readonly word: string | null;
  private body: (RequestBody & ResponseBody) | null = null;
  private list: ChildNames | null | undefined;

  constructor(
    private readonly line: LineFields,
    place: LinePlace,
    kind: ZooKeeperMessage['kind'],
    /** Where that is another than the time of the line. */
    firstTime: number | null,
  ) {
    this.direction = place.direction;
    this.kind = kind;
    this.op = place.op;
    this.frame = place.frame;
    this.time = place.time;
    this.firstFrame = place.firstFrame;
    this.firstTime = firstTime ?? place.time;
    this.streamEnd = place.streamEnd;
    this.truncated = place.truncated;
    this.word = line.text('word');
    this.opcode = kind === 'notification' ? 0 : opcodeOf(place.op);
    this.session = line.text('session');
    this.length = line.integer('length') ?? -1;
    this.xid = line.integer('xid') ?? 0;
    this.err = line.integer('err') ?? 0;
    // The path of an answer's line is its request's where the record of the answer has none.
    this.path = kind !== 'response' || this.layout()?.hasPath === true ? line.text('path') : null;
    this.watch = kind === 'request' && line.flag('watch');
    this.flags = kind === 'request' ? (line.integer('flags') ?? 0) : 0;
    const zxid = kind === 'request' ? null : line.halves('zxid');
    this.zxidHi = zxid?.hi ?? 0;
    this.zxidLo = zxid?.lo ?? 0;
    this.zxid = zxid === null ? -1 : zxidNumber(zxid.hi, zxid.lo);
    this.latency = line.nanoseconds('latency');
    this.eventType = numberOf(eventTypes, line.text('eventType'));
    this.state = numberOf(keeperStates, line.text('state'));
  }

  requestBody(): RequestBody | null {
    return this.kind === 'request' ? this.read() : null;
  }

  responseBody(): ResponseBody | null {
    return this.kind === 'response' ? this.read() : null;
  }

  private read(): RequestBody & ResponseBody {
    if (this.body !== null) return this.body;
    const layout = this.layout();
    this.body = this.word !== null ? { word: this.word } : layout === null ? {} : bodyOfLine(layout, this.line);
    const sessionId = this.line.text('sessionId');
    if (sessionId !== null) this.body.sessionId = sessionId;
    return this.body;
  }

  private layout(): RecordLayout | null {
    const { opcode } = this;
    if (opcode === null) return null;
    // ConnectRequest and ConnectResponse: they carry no xid, and (createSession) may come in mid-connection.
    if (this.op === 'connect' || this.line.text('sessionId') !== null)
      return this.kind === 'request' ? CONNECT.request : CONNECT.response;
    if (this.kind === 'request') return requestLayout(opcode);
    return this.err === 0 ? responseLayout(opcode) : null;
  }

  stat(): Stat | null {
    return this.kind !== 'response' || this.err !== 0 || this.truncated ? null : statOfLine(this.line.object('stat'));
  }

  childNames(): ChildNames | null {
    if (this.list === undefined) {
      const names = this.kind !== 'response' || this.truncated ? null : this.line.texts('children');
      this.list = names === null ? null : ChildNames.of(names);
    }
    return this.list;
  }

  digestUser(): string | null {
    return this.op === 'auth' && this.kind === 'request' ? this.line.text('digestUser') : null;
  }

  childCount(): number | null {
    return this.childNames()?.size ?? null;
  }

  toRecord(_options: unknown, record: Record<string, unknown> = {}): Record<string, unknown> {
    this.line.own(record);
    const asked = this.kind === 'response' ? this.line.integer('requestFrame') : null;
    if (asked !== null) record['requestFrame'] = asked;
    return record;
  }
}

function opcodeOf(op: string | null): number | null {
  if (op === null || op === 'fourLetterWord') return null;
  const unknown = /^unknown\((-?\d{1,10})\)$/.exec(op);
  if (unknown !== null) return Number(unknown[1]);
  return layoutNamed(op)?.operation.code ?? null;
}

const numbers = new Map<Names, ReadonlyMap<string, number>>();

/** The number that stands for a printed name, 0 where there is none. */
function numberOf(names: Names, name: string | null): number {
  if (name === null) return 0;
  let byName = numbers.get(names);
  if (byName === undefined) numbers.set(names, (byName = new Map([...names].map(([number, text]) => [text, number]))));
  const unknown = /^unknown\((-?\d{1,10})\)$/.exec(name);
  return byName.get(name) ?? (unknown === null ? 0 : Number(unknown[1]));
}
