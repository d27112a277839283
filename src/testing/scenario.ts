import {
  applyTcpEvent,
  ConnectionFacts,
  TO_CLIENT,
  TO_SERVER,
  type Direction,
  type Endpoint,
  type TcpEventKind,
} from '../observations/connectionFacts.js';
import type { RequestBody, ResponseBody } from '../protocols/zookeeper/format/records.js';
import { OutstandingRequests } from '../protocols/zookeeper/connection/requests.js';
import { ChildNames } from '../protocols/zookeeper/childLists.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../protocols/zookeeper/message.js';
import { EventType, isSequential } from '../protocols/zookeeper/format/enums.js';
import { OpCode } from '../protocols/zookeeper/format/opcodes.js';
import type { Stat } from '../protocols/zookeeper/format/stat.js';
import { Analysis, type AnalysisOptions } from '../rules/analysis.js';
import type { Finding } from '../rules/finding.js';

type OpName = keyof typeof OpCode;

export interface Answer {
  readonly err?: number;
  /** zxid of the reply header; the scenario's latest unless told. */
  readonly zxid?: number;
  readonly path?: string;
  readonly stat?: Partial<Stat>;
  readonly children?: readonly string[];
  readonly body?: ResponseBody;
  readonly length?: number;
}

export interface Ask {
  readonly watch?: boolean;
  readonly flags?: number;
  readonly body?: RequestBody;
  /** Its length prefix. */
  readonly length?: number;
}

const STAT: Stat = {
  ...{ czxid: 1, mzxid: 1, pzxid: 1, ctime: 0, mtime: 0, version: 0, cversion: 0, aversion: 0 },
  ...{ ephemeralOwner: '0x0', dataLength: 0, numChildren: 0 },
};

function endpoint(text: string): Endpoint {
  const colon = text.lastIndexOf(':');
  return { ip: text.slice(0, colon), port: Number(text.slice(colon + 1)), text };
}

/** What clients and servers say to each other, written down by hand: messages without bytes, straight into an analysis. */
export class Scenario {
  readonly analysis: Analysis;
  /** Seconds. */
  now = 0;
  frame = 0;
  /** Latest zxid of the ensemble. */
  zxid = 100;
  private connections = 0;

  constructor(options: AnalysisOptions = {}) {
    this.analysis = new Analysis(options);
  }

  wait(seconds: number): this {
    this.now += seconds;
    return this;
  }

  /** A TCP connection; nothing is said on it yet. */
  open(client: string, server = '10.0.0.1:2181', midStream = false): ScenarioConnection {
    const moment = this.moment();
    const tcp = new ConnectionFacts(this.connections++, endpoint(client), endpoint(server), moment, midStream);
    tcp.protocol = 'zookeeper';
    if (!midStream) {
      tcp.syn = tcp.lastSyn = tcp.synAck = moment;
      tcp.synCount = 1;
    }
    this.analysis.sink.opened(tcp);
    return new ScenarioConnection(this, tcp);
  }

  /** A connection and its handshake. */
  session(
    client: string,
    id: string,
    options: { server?: string; timeout?: number; resumed?: boolean } = {},
  ): ScenarioConnection {
    return this.open(client, options.server).connect(options.resumed === true ? id : '0x0', id, options.timeout);
  }

  moment(): { frame: number; time: number } {
    this.now += 0.001;
    return { frame: ++this.frame, time: Math.round(this.now * 1e9) };
  }

  /** The capture is over. */
  end(): readonly Finding[] {
    this.analysis.end(Math.round(this.now * 1e9));
    return this.analysis.findings;
  }
}

/** One side of the conversation: requests with their answers, notifications, pings, the end. */
export class ScenarioConnection {
  /** Notifications and answers count as received unless this is turned off. */
  acknowledges = true;
  private xid = 0;
  private readonly positions: [number, number] = [0, 0];
  private id: string | null = null;
  private readonly waiting = new OutstandingRequests();

  constructor(
    private readonly scenario: Scenario,
    readonly tcp: ConnectionFacts,
  ) {}

  connect(asked: string, granted: string, timeout = 6000): this {
    const request = this.request('connect', null, { body: { sessionId: asked, timeout, lastZxidSeen: 1 } });
    this.id = granted === '0x0' ? null : granted;
    return this.response(request, { body: { sessionId: granted, timeout: granted === '0x0' ? 0 : timeout } });
  }

  /** A request and its answer. */
  ask(op: OpName, path: string | null, ask: Ask = {}, answer: Answer = {}): this {
    return this.response(this.request(op, path, ask), answer);
  }

  request(
    op: OpName,
    path: string | null,
    { watch = false, flags = 0, body, length = 40 }: Ask = {},
  ): ZooKeeperRequest {
    const { frame, time } = this.scenario.moment();
    const xid = op === 'ping' ? -2 : op === 'connect' ? 0 : ++this.xid;
    const streamEnd = this.advance(TO_SERVER);
    this.tcp.toServer.acked = streamEnd;
    const opcode = OpCode[op];
    const kept = body ?? null;
    const place = { length, frame, time, streamEnd };
    const request = { opcode, op, xid, path, watch, flags, truncated: false, ...place, body: kept };
    if (op === 'connect') this.waiting.connecting = request;
    else this.waiting.add(request);
    this.say({
      kind: 'request',
      direction: TO_SERVER,
      op,
      opcode,
      xid,
      path,
      watch,
      flags,
      frame,
      time,
      streamEnd,
      request,
      length,
    });
    return request;
  }

  response(request: ZooKeeperRequest, answer: Answer = {}): this {
    if (request.op === 'connect') this.waiting.connecting = null;
    else this.waiting.take(request.xid);
    const { frame, time } = this.scenario.moment();
    const { err = 0, children, body } = answer;
    const stat = answer.stat === undefined ? null : { ...STAT, ...answer.stat };
    const path = answer.path ?? (request.op === 'create' && err === 0 ? request.path : null);
    this.say({
      ...{
        kind: 'response',
        direction: TO_CLIENT,
        op: request.op,
        opcode: request.opcode,
        xid: request.xid,
        request,
        err,
      },
      ...{ frame, time, path, zxid: answer.zxid ?? this.scenario.zxid, latency: time - request.time },
      ...{ streamEnd: this.advance(TO_CLIENT), length: answer.length ?? 60 },
      stat: () => stat,
      childNames: () => (children === undefined ? null : ChildNames.of(children)),
      childCount: () => children?.length ?? null,
      responseBody: () => body ?? null,
    });
    return this;
  }

  notify(type: keyof typeof EventType, path: string): this {
    const { frame, time } = this.scenario.moment();
    const streamEnd = this.advance(TO_CLIENT);
    this.say({
      kind: 'notification',
      direction: TO_CLIENT,
      op: 'notification',
      xid: -1,
      path,
      frame,
      time,
      streamEnd,
      eventType: EventType[type],
      state: 3,
    });
    return this;
  }

  ping(): this {
    return this.ask('ping', null);
  }

  /** Pings every two seconds for so long. */
  idle(seconds: number): this {
    for (let left = seconds; left > 0; left -= 2) {
      this.scenario.wait(2);
      this.ping();
    }
    return this;
  }

  list(
    path: string,
    children: readonly string[],
    watch: boolean,
    op: 'getChildren' | 'getChildren2' = 'getChildren',
  ): this {
    return this.ask(
      op,
      path,
      { watch },
      {
        children,
        ...(op === 'getChildren2' ? { stat: { pzxid: this.scenario.zxid, cversion: this.scenario.zxid } } : {}),
      },
    );
  }

  create(path: string, flags = 0, answer: Answer = {}): this {
    const zxid = ++this.scenario.zxid;
    return this.ask(
      'create',
      path,
      { flags },
      { zxid, ...(isSequential(flags) ? { path: `${path}0000000001` } : {}), ...answer },
    );
  }

  delete(path: string): this {
    return this.ask('delete', path, {}, { zxid: ++this.scenario.zxid });
  }

  setData(path: string): this {
    return this.ask('setData', path, {}, { zxid: ++this.scenario.zxid, stat: { mzxid: this.scenario.zxid } });
  }

  /** closeSession, its answer, FIN both ways. */
  close(): void {
    this.ask('closeSession', null, {}, { zxid: ++this.scenario.zxid });
    this.fin();
  }

  fin(by: Direction = TO_SERVER): void {
    this.segment('fin', by);
    this.end('fin');
  }

  /** A segment that is more than its payload. */
  segment(kind: TcpEventKind, direction: Direction): this {
    const event = { kind, direction, ...this.scenario.moment() };
    applyTcpEvent(this.tcp, event);
    this.scenario.analysis.sink.tcp(event, this.tcp);
    return this;
  }

  end(how: 'fin' | 'rst' | 'forgotten'): void {
    const moment = this.scenario.moment();
    this.tcp.end = how;
    this.tcp.endMoment = moment;
    if (how === 'fin') {
      this.tcp.toServer.fin ??= moment;
      this.tcp.toClient.fin ??= moment;
      this.tcp.toServer.finAcked = this.tcp.toClient.finAcked = true;
    }
    this.scenario.analysis.sink.closed(this.tcp);
  }

  /** Bytes of this direction that the capture has not. */
  gap(direction: Direction, bytes = 100): this {
    const { frame, time } = this.scenario.moment();
    if (direction === TO_CLIENT) this.waiting.doubt();
    this.scenario.analysis.sink.gap({ direction, frame, time, bytes, reason: 'missing' }, this.tcp);
    return this;
  }

  private advance(direction: Direction): number {
    this.positions[direction] += 50;
    const position = this.positions[direction];
    const facts = this.tcp.stream(direction);
    facts.delivered = position;
    if (this.acknowledges) facts.acked = position;
    return position;
  }

  private say(fields: Partial<ZooKeeperMessage>): void {
    const { frame = 0, time = 0, direction = TO_SERVER } = fields;
    const facts = this.tcp.stream(direction);
    facts.lastFrame = facts.lastPayloadFrame = frame;
    facts.lastTime = facts.lastPayloadTime = time;
    facts.packets++;
    const message = {
      ...{
        protocol: 'zookeeper',
        session: this.id,
        waiting: this.waiting,
        firstFrame: frame,
        truncated: false,
        length: 40,
      },
      ...{
        opcode: null,
        op: null,
        xid: 0,
        path: null,
        watch: false,
        flags: 0,
        request: null,
        zxid: -1,
        zxidHi: 0,
        zxidLo: 0,
      },
      ...{ err: 0, latency: null, eventType: 0, state: 0 },
      requestBody: () => fields.request?.body ?? null,
      responseBody: () => null,
      stat: () => null,
      childNames: () => null,
      childCount: () => null,
      digestUser: () => null,
      toRecord: () => ({}),
      ...fields,
    } as unknown as ZooKeeperMessage;
    const { sink } = this.scenario.analysis;
    if (message.op !== 'ping') sink.message(message, this.tcp);
    else if (message.kind === 'request') sink.ping(message, this.tcp);
    else sink.pingAnswer(message, this.tcp);
  }
}
