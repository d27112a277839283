import type { Connection, Direction } from '../../network/connection.js';
import { TO_SERVER } from '../../network/connection.js';
import type { RecordOptions } from '../protocol.js';
import { ChildLists, type ChildNames } from './childLists.js';
import { Cursor, END_OF_RECORD } from './format/cursor.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from './message.js';
import { OpCode } from './format/opcodes.js';
import { zookeeperRecord } from './output.js';
import {
  readConnectRequest,
  readConnectResponse,
  readRequest,
  readResponse,
  type RequestBody,
  type ResponseBody,
} from './format/records.js';
import { StringTable } from './stringTable.js';
import { RequestBudget } from './connection/requestBudget.js';
import type { Stat } from './format/stat.js';

const NO_BYTES = Buffer.alloc(0);
const STAT_LENGTH = 68;

/** What the decoders of all connections share: they work one after the other. */
export class SharedState {
  readonly strings = new StringTable();
  readonly requests = new RequestBudget();
  readonly childLists = new ChildLists(this.strings);
  readonly cursor = new Cursor(this.strings);
  readonly message = new DecodedMessage(this.cursor, this.childLists);
}

/** The one message object that all decoders fill again and again. */
export class DecodedMessage implements ZooKeeperMessage {
  readonly protocol = 'zookeeper';
  connection!: Connection;
  direction: Direction = TO_SERVER;
  kind: 'request' | 'response' | 'notification' = 'request';
  opcode: number | null = null;
  op: string | null = null;
  session: string | null = null;
  frame = 0;
  time = 0;
  firstFrame = 0;
  streamEnd = 0;
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
  private cachedRequest: RequestBody | null = null;
  private cachedResponse: ResponseBody | null = null;
  private cachedStat: Stat | null | undefined;
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

  get path(): string | null {
    if (this.kind !== 'response') return this.ownPath;
    switch (this.opcode) {
      case OpCode.create:
      case OpCode.sync:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        return this.responseBody()?.path ?? null;
      default:
        return null;
    }
  }

  requestBody(): RequestBody | null {
    if (this.kind !== 'request') return null;
    if (this.cachedRequest === null) {
      const body: RequestBody = this.word === null ? {} : { word: this.word };
      this.cachedRequest = body;
      const cursor = this.cursor.reset(this.bytes, this.bodyStart, this.bodyEnd);
      if (this.handshake)
        this.attempt(() => {
          readConnectRequest(cursor, body);
        });
      else if (this.word === null && this.opcode !== null) {
        const opcode = this.opcode;
        this.attempt(() => {
          readRequest(opcode, cursor, body);
        });
      }
    }
    return this.cachedRequest;
  }

  responseBody(): ResponseBody | null {
    if (this.kind !== 'response') return null;
    if (this.cachedResponse === null) {
      const body: ResponseBody = this.word === null ? {} : { word: this.word };
      this.cachedResponse = body;
      const cursor = this.cursor.reset(this.bytes, this.bodyStart, this.bodyEnd);
      if (this.handshake)
        this.attempt(() => {
          readConnectResponse(cursor, body);
        });
      else if (this.word === null && this.err === 0 && this.opcode !== null) {
        const opcode = this.opcode;
        this.attempt(() => {
          readResponse(opcode, cursor, body);
        });
      }
    }
    return this.cachedResponse;
  }

  stat(): Stat | null {
    if (this.cachedStat === undefined) this.cachedStat = this.readStat();
    return this.cachedStat;
  }

  private readStat(): Stat | null {
    if (this.kind !== 'response' || this.err !== 0 || this.truncated || this.word !== null) return null;
    switch (this.opcode) {
      case OpCode.exists:
      case OpCode.setData:
      case OpCode.setACL:
      case OpCode.getData:
      case OpCode.reconfig:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
      case OpCode.getACL:
      case OpCode.getChildren2: // the Stat is the last field of all of them
        if (this.bodyEnd - this.bodyStart < STAT_LENGTH) return null;
        return this.cursor.reset(this.bytes, this.bodyEnd - STAT_LENGTH, this.bodyEnd).stat();
      default:
        return null;
    }
  }

  childNames(): ChildNames | null {
    if (this.cachedChildren === undefined) this.cachedChildren = this.readChildren();
    return this.cachedChildren;
  }

  childCount(): number | null {
    return this.childrenEnd() < 0 ? null : Math.max(this.bytes.readInt32BE(this.bodyStart), 0);
  }

  /** Where the vector of children ends, which begins with the body; -1 if there is none. */
  private childrenEnd(): number {
    if (this.kind !== 'response' || this.err !== 0 || this.truncated) return -1;
    const { opcode } = this;
    if (opcode !== OpCode.getChildren && opcode !== OpCode.getChildren2 && opcode !== OpCode.getEphemerals) return -1;
    const end = opcode === OpCode.getChildren2 ? this.bodyEnd - STAT_LENGTH : this.bodyEnd;
    return end - this.bodyStart < 4 ? -1 : end;
  }

  private readChildren(): ChildNames | null {
    const end = this.childrenEnd();
    if (end < 0) return null;
    return this.childLists.read(this.request?.path ?? '', this.bytes, this.bodyStart, end);
  }

  /** Reads as far as the bytes go: what is missing stays absent. */
  private attempt(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (error !== END_OF_RECORD) throw error;
    }
  }

  toRecord(options: RecordOptions, record: Record<string, unknown> = {}): Record<string, unknown> {
    return zookeeperRecord(this, options, record);
  }
}
