import type { Connection, Direction } from '../../network/connection.js';
import { TO_SERVER } from '../../network/connection.js';
import type { RecordOptions } from '../protocol.js';
import { ChildLists, type ChildNames } from './childLists.js';
import { Cursor, END_OF_RECORD } from './format/cursor.js';
import { digestUser } from './format/digestUser.js';
import { OpCode } from './format/opcodes.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from './message.js';
import { CONNECT, requestLayout, responseLayout, type RecordLayout } from './format/layout.js';
import { zookeeperRecord } from './output.js';
import { readFields, type RequestBody, type ResponseBody } from './format/records.js';
import { StringTable } from './stringTable.js';
import { RequestBudget } from './connection/requestBudget.js';
import { NOTHING_WAITS, type WaitingRequests } from './connection/waitingRequests.js';
import { STAT_LENGTH, StatFields, type Stat } from './format/stat.js';
import { steadyShape } from '../../capture/steadyShape.js';

const NO_BYTES = Buffer.alloc(0);

/** What the decoders of all connections share: they work one after the other. */
export class SharedState {
  readonly strings = new StringTable();
  readonly requests = new RequestBudget();
  readonly childLists = new ChildLists(this.strings);
  readonly cursor = new Cursor(this.strings);
  readonly message = new MessageView(this.cursor, this.childLists);
}

/** The one message object that all decoders fill again and again. */
export class MessageView implements ZooKeeperMessage {
  readonly protocol = 'zookeeper';
  connection!: Connection;
  waiting: WaitingRequests = NOTHING_WAITS;
  direction: Direction = TO_SERVER;
  kind: 'request' | 'response' | 'notification' = 'request';
  opcode: number | null = null;
  op: string | null = null;
  session: string | null = null;
  frame = 0;
  time = 0;
  firstFrame = 0;
  /** Time of `firstFrame`, where that is another than `frame`. */
  begun = 0;
  length = 0;
  truncated = false;
  xid = 0;
  /** Path of a request or notification. */
  ownPath: string | null = null;
  watch = false;
  flags = 0;
  request: ZooKeeperRequest | null = null;
  zxid = -1;
  zxidHi = 0;
  zxidLo = 0;
  err = 0;
  latency: number | null = null;
  eventType = 0;
  state = 0;
  /** Connect request or response, which have no header. */
  handshake = false;
  /** Four-letter word; of its answer `answerLength` bytes came. */
  word: string | null = null;
  answerLength = 0;
  bytes: Buffer = NO_BYTES;
  bodyStart = 0;
  bodyEnd = 0;
  private end = 0;
  private cachedRequest: RequestBody | null = null;
  private cachedResponse: ResponseBody | null = null;
  private cachedStat: Stat | null | undefined;
  private readonly statFields = new StatFields();
  private cachedChildren: ChildNames | null | undefined;

  constructor(
    private readonly cursor: Cursor,
    private readonly childLists: ChildLists,
  ) {}

  /** Forgets what was decoded of the message before. */
  clear(): void {
    this.cachedRequest = null;
    this.cachedResponse = null;
    this.cachedStat = undefined;
    this.cachedChildren = undefined;
    this.handshake = false;
    this.word = null;
    this.ownPath = null;
    this.watch = false;
    this.flags = 0;
    this.request = null;
    this.zxid = -1;
    this.err = 0;
    this.latency = null;
    this.truncated = false;
  }

  get streamEnd(): number {
    return this.end;
  }

  set streamEnd(position: number) {
    this.end = position;
    if (this.kind === 'request' && this.request !== null) this.request.streamEnd = position;
  }

  get firstTime(): number {
    return this.firstFrame === this.frame ? this.time : this.begun;
  }

  get path(): string | null {
    if (this.kind !== 'response') return this.ownPath;
    return this.opcode !== null && responseLayout(this.opcode).hasPath ? (this.responseBody()?.path ?? null) : null;
  }

  /** Path, watch and flags, which matching and the model need of every request; the rest is left until asked for. */
  readArguments(opcode: number): void {
    const { hasPath, hasWatch, flagsFromEnd } = requestLayout(opcode);
    if (!hasPath) return;
    const { bodyEnd } = this;
    const cursor = this.cursor.reset(this.bytes, this.bodyStart, bodyEnd);
    try {
      this.ownPath = cursor.string();
      if (hasWatch) this.watch = cursor.boolean();
      else if (flagsFromEnd > 0 && !this.truncated && bodyEnd - this.bodyStart >= flagsFromEnd) {
        this.flags = this.bytes.readInt32BE(bodyEnd - flagsFromEnd);
      }
    } catch (error) {
      if (error !== END_OF_RECORD) throw error;
    }
  }

  /** The record behind the header, or a handshake's, which has none; null where it is not known or there is none. */
  layout(): RecordLayout | null {
    const { opcode } = this;
    if (this.word !== null || opcode === null) return null;
    if (this.kind === 'request') return this.handshake ? CONNECT.request : requestLayout(opcode);
    if (this.handshake) return CONNECT.response;
    return this.err === 0 ? responseLayout(opcode) : null;
  }

  requestBody(): RequestBody | null {
    if (this.kind !== 'request') return null;
    return (this.cachedRequest ??= this.readBody(this.word === null ? {} : { word: this.word }));
  }

  responseBody(): ResponseBody | null {
    if (this.kind !== 'response') return null;
    return (this.cachedResponse ??= this.readBody(this.word === null ? {} : { word: this.word }));
  }

  /** Reads as far as the bytes go: what is missing stays absent. */
  private readBody<T extends object>(body: T): T {
    const layout = this.layout();
    if (layout === null) return body;
    try {
      readFields(layout, this.cursor.reset(this.bytes, this.bodyStart, this.bodyEnd), body);
    } catch (error) {
      if (error !== END_OF_RECORD) throw error;
    }
    return body;
  }

  stat(): Stat | null {
    if (this.cachedStat === undefined) this.cachedStat = this.readStat();
    return this.cachedStat;
  }

  private readStat(): Stat | null {
    if (this.kind !== 'response' || this.err !== 0 || this.truncated || this.word !== null) return null;
    if (this.opcode === null || !responseLayout(this.opcode).hasStat) return null;
    // It is the last field of all records that have one.
    if (this.bodyEnd - this.bodyStart < STAT_LENGTH) return null;
    return this.cursor.reset(this.bytes, this.bodyEnd - STAT_LENGTH, this.bodyEnd).stat(this.statFields);
  }

  childNames(): ChildNames | null {
    if (this.cachedChildren === undefined) this.cachedChildren = this.readChildren();
    return this.cachedChildren;
  }

  digestUser(): string | null {
    if (this.kind !== 'request' || this.opcode !== OpCode.auth) return null;
    return digestUser(this.bytes, this.bodyStart, this.bodyEnd);
  }

  childCount(): number | null {
    return this.childrenEnd() < 0 ? null : Math.max(this.bytes.readInt32BE(this.bodyStart), 0);
  }

  /** Where the vector of children ends, which begins with the body; -1 if there is none. */
  private childrenEnd(): number {
    if (this.kind !== 'response' || this.err !== 0 || this.truncated || this.opcode === null) return -1;
    const { hasChildren, hasStat } = responseLayout(this.opcode);
    if (!hasChildren) return -1;
    const end = hasStat ? this.bodyEnd - STAT_LENGTH : this.bodyEnd;
    return end - this.bodyStart < 4 ? -1 : end;
  }

  private readChildren(): ChildNames | null {
    const end = this.childrenEnd();
    if (end < 0) return null;
    return this.childLists.read(this.request?.path ?? '', this.bytes, this.bodyStart, end);
  }

  toRecord(options: RecordOptions, record: Record<string, unknown> = {}): Record<string, unknown> {
    return zookeeperRecord(this, options, record);
  }
}

steadyShape(new SharedState().message, 'time', 'zxid', 'zxidHi', 'zxidLo');
