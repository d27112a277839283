import { CaptureError } from '../../../capture/captureError.js';
import { CaptureSet, type CaptureInput } from '../../../capture/captureSet.js';
import type { Clock } from '../../../capture/clock.js';
import { EndpointTable } from '../../../network/address.js';
import { TO_SERVER, type Connection } from '../../../network/connection.js';
import { Dissector } from '../../../network/dissector.js';
import { FIN, RST, SYN, type Segment, ACK } from '../../../network/segment.js';
import type { ConnectionListener, StreamHandler } from '../../../network/streamHandler.js';
import { TcpReassembly } from '../../../network/tcp.js';
import type { ConnectedMessage, Message } from '../../../protocols/protocol.js';
import { allProtocols } from '../../../protocols/registry.js';
import type { KeyStore } from '../../../protocols/tls/keys/keyStore.js';
import { Router, type ServerPort } from '../../../protocols/router.js';
import type { ZooKeeperMessage } from '../../../protocols/zookeeper/message.js';
import { messageRecord } from '../../../observations/record.js';
import type { Focus, EvidenceRow } from './focus.js';
import { messageText } from './messageText.js';

/** Connections that are remembered by their addresses; beyond it the oldest are forgotten. */
const REMEMBERED = 200_000;

interface Endpoints {
  readonly connection: Connection;
}

/**
 * Reads the captures a second time, as far as the last frame that a finding cites, and gives each Focus what it needs:
 * who sent the frame, what it carried, which request belongs to it, and what passed in between.
 */
export class EvidenceReader implements ConnectionListener {
  private readonly wanted = new Map<number, Focus[]>();
  /** When the cited frames were captured, as they were read first. */
  private readonly times = new Map<number, number>();
  private readonly waiting: Focus[];
  private active: Focus[] = [];
  private readonly last: number;
  private readonly byAddress = new Map<string, Endpoints>();
  private readonly router: Router;
  private readonly tcp: TcpReassembly;
  private readonly endpoints = new EndpointTable();

  constructor(
    focuses: readonly Focus[],
    private readonly clock: Clock,
    ports: readonly ServerPort[],
    keys?: KeyStore,
  ) {
    for (const focus of focuses) {
      for (const [frame, time] of focus.frames) {
        this.times.set(frame, time);
        const list = this.wanted.get(frame);
        if (list === undefined) this.wanted.set(frame, [focus]);
        else list.push(focus);
      }
    }
    this.waiting = [...focuses].sort((a, b) => b.first - a.first);
    this.last = Math.max(0, ...focuses.map((focus) => (Number.isFinite(focus.first) ? focus.last : 0)));
    const none = (): void => undefined;
    this.router = new Router(
      allProtocols(keys),
      {
        message: (message) => {
          this.message(message);
        },
        gap: none,
        connectionOpened: none,
        connectionClosed: none,
      },
      { ports },
    );
    this.tcp = new TcpReassembly(this);
  }

  /** Throws CaptureError if a capture cannot be read any more, or is another than it was. An aborted `signal` ends it early. */
  async read(inputs: readonly CaptureInput[], signal?: AbortSignal): Promise<void> {
    if (this.last === 0) return;
    const done = new AbortController();
    const dissector = new Dissector((segment) => {
      this.segment(segment);
    });
    const set = new CaptureSet(inputs, this.clock);
    await set.read(
      (frame) => {
        if (frame.number > this.last) {
          done.abort();
          return;
        }
        const time = this.times.get(frame.number);
        if (time !== undefined && time !== frame.time) {
          const files = set.captures.map(({ file }) => file).join(', ');
          throw new CaptureError(files, `frame ${frame.number} is another by now`, 'report from a copy');
        }
        dissector.frame(frame);
      },
      undefined,
      signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]),
    );
    dissector.end();
    this.tcp.end(this.last, 0);
  }

  server(...ends: Parameters<ConnectionListener['server']>): ReturnType<ConnectionListener['server']> {
    return this.router.server(...ends);
  }

  opened(connection: Connection): StreamHandler | null {
    const key = addresses(connection.client.text, connection.server.text);
    this.byAddress.delete(key);
    this.byAddress.set(key, { connection });
    if (this.byAddress.size > REMEMBERED) {
      for (const oldest of this.byAddress.keys()) {
        this.byAddress.delete(oldest);
        break;
      }
    }
    return this.router.opened(connection);
  }

  closed(connection: Connection): void {
    this.router.closed(connection);
  }

  private segment(segment: Segment): void {
    this.activate(segment.frame);
    this.tcp.segment(segment);
    const focuses = this.wanted.get(segment.frame);
    const marked = (segment.flags & (SYN | FIN | RST)) !== 0 && this.active.length > 0;
    if (focuses === undefined && !marked) return;
    const source = this.endpoints.source(segment);
    const destination = this.endpoints.destination(segment);
    const connection = this.byAddress.get(addresses(source.text, destination.text))?.connection;
    if (connection === undefined) return;
    const row = {
      direction: source.text === connection.client.text ? ('request' as const) : ('response' as const),
      client: connection.client.text,
      server: connection.server.text,
      connection: connection.id,
    };
    const text = segmentText(segment);
    for (const focus of focuses ?? []) focus.segment(segment.frame, { ...row, text });
    if (!marked) return;
    const { frame, time } = segment;
    for (const focus of this.active) {
      if (focus.connections.has(connection.id) && frame <= focus.last)
        focus.context({ kind: 'tcp', frame, time, ...row, label: text, note: '' }, null);
    }
  }

  private message(message: ConnectedMessage): void {
    const { frame, connection } = message;
    const focuses = this.wanted.get(frame);
    if (focuses === undefined && this.active.length === 0) return;
    const direction = message.direction === TO_SERVER ? 'request' : 'response';
    if (focuses !== undefined) {
      const record = messageRecord(message, connection, this.clock, { data: false });
      const path = typeof record['path'] === 'string' ? record['path'] : requestOf(message)?.path;
      const label = messageText(record);
      for (const focus of focuses) {
        focus.message(frame, label, path ?? null, {
          direction,
          client: connection.client.text,
          server: connection.server.text,
          connection: connection.id,
        });
        if (focus.connections.has(connection.id)) addRequest(focus, message);
      }
    }
    // Answers come one for each request: the requests alone say what passed.
    if (direction === 'response' && message.kind !== 'notification') return;
    for (const focus of this.active) {
      if (!focus.connections.has(connection.id) || frame > focus.last) continue;
      focus.passed(frame, message.time, message.kind === 'notification' ? 'notification' : (message.op ?? 'message'));
    }
  }

  private activate(frame: number): void {
    for (let next = this.waiting.at(-1); next !== undefined && next.first <= frame; next = this.waiting.at(-1)) {
      this.active.push(next);
      this.waiting.pop();
    }
    if (this.active.some((focus) => focus.last < frame))
      this.active = this.active.filter((focus) => focus.last >= frame);
  }
}

function addresses(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function requestOf(message: Message): ZooKeeperMessage['request'] {
  return message.protocol === 'zookeeper' && message.kind === 'response' ? (message as ZooKeeperMessage).request : null;
}

/** The request that a cited answer belongs to. */
function addRequest(focus: Focus, message: ConnectedMessage): void {
  const request = requestOf(message);
  if (request === null) return;
  const { connection } = message;
  const words = [request.op, request.path ?? ''];
  if (['exists', 'getData', 'getChildren', 'getChildren2'].includes(request.op)) words.push(`watch=${request.watch}`);
  const row: EvidenceRow = {
    kind: 'context',
    frame: request.frame,
    time: request.time,
    direction: 'request',
    client: connection.client.text,
    server: connection.server.text,
    connection: connection.id,
    label: words.filter((word) => word !== '').join(' '),
    note: '',
  };
  focus.context(row, request.op);
}

function segmentText({ flags, wireLength }: Segment): string {
  const names = [
    (flags & SYN) !== 0 ? 'SYN' : '',
    (flags & FIN) !== 0 ? 'FIN' : '',
    (flags & RST) !== 0 ? 'RST' : '',
    (flags & ACK) !== 0 ? 'ACK' : '',
  ].filter((name) => name !== '');
  const text = `TCP ${names.join(', ')}`;
  return wireLength > 0 && (flags & SYN) === 0 ? `${text}, ${wireLength} bytes` : text;
}
