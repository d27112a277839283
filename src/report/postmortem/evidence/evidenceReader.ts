import { TO_SERVER, type Moment } from '../../../observations/connectionFacts.js';
import type { CaptureInput, Clock } from '../../../observations/inputs.js';
import {
  type SeenPacket,
  type PacketConnection,
  PacketReader,
  type SeenPacketSink,
} from '../../../observations/packetReader.js';
import type { Message } from '../../../protocols/registry.js';
import type { KeyStore } from '../../../protocols/tls/keys/keyStore.js';
import type { ServerPort } from '../../../protocols/router.js';
import type { ZooKeeperMessage } from '../../../protocols/zookeeper/message.js';
import { messageRecord } from '../../../observations/record.js';
import type { Focus, EvidenceRow } from './focus.js';
import { messageText } from './messageText.js';
import { watchingReads } from '../../../protocols/zookeeper/format/opcodes.js';

/**
 * Reads the captures a second time, as far as the last frame that a finding cites, and gives each Focus what it needs:
 * who sent the frame, what it carried, which request belongs to it, and what passed in between.
 */
export class EvidenceReader implements SeenPacketSink {
  private readonly wanted = new Map<number, Focus[]>();
  /** When the cited frames were captured, as they were read first. */
  private readonly times = new Map<number, number>();
  private readonly waiting: Focus[];
  private active: Focus[] = [];
  private readonly last: number;

  constructor(
    focuses: readonly Focus[],
    private readonly clock: Clock,
    private readonly ports: readonly ServerPort[],
    private readonly keys?: KeyStore,
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
  }

  /** Throws CaptureError if a capture cannot be read any more, or is another than it was. An aborted `signal` ends it early. */
  async read(inputs: readonly CaptureInput[], signal?: AbortSignal): Promise<void> {
    const { clock, ports, keys, last, times } = this;
    await new PacketReader(this, { clock, ports, tlsKeys: keys, last, times }).read(inputs, signal);
  }

  arriving(moment: Moment): void {
    this.activate(moment);
  }

  wants(frame: number, marked: boolean): boolean {
    return this.wanted.has(frame) || (marked && this.active.length > 0);
  }

  packet(packet: SeenPacket, connection: PacketConnection): void {
    const { frame, time } = packet;
    const row = {
      direction: packet.direction === TO_SERVER ? ('request' as const) : ('response' as const),
      client: connection.client.text,
      server: connection.server.text,
      connection: connection.id,
    };
    const text = packetText(packet);
    for (const focus of this.wanted.get(frame) ?? []) focus.segment(frame, { ...row, text });
    if (!packet.flags.some((flag) => flag !== 'ACK')) return;
    for (const focus of this.active) {
      if (focus.connections.has(connection.id) && focus.place(packet) <= focus.last)
        focus.context({ kind: 'tcp', frame, time, ...row, label: text, note: '' }, null);
    }
  }

  message(message: Message, connection: PacketConnection): void {
    const { frame } = message;
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
        if (focus.connections.has(connection.id)) addRequest(focus, message, connection);
      }
    }
    // Answers come one for each request: the requests alone say what passed.
    if (direction === 'response' && message.kind !== 'notification') return;
    for (const focus of this.active) {
      if (!focus.connections.has(connection.id) || focus.place(message) > focus.last) continue;
      focus.passed(frame, message.time, message.kind === 'notification' ? 'notification' : (message.op ?? 'message'));
    }
  }

  private activate(moment: Moment): void {
    const begun = (focus: Focus): boolean => focus.first <= focus.place(moment);
    for (let next = this.waiting.at(-1); next !== undefined && begun(next); next = this.waiting.at(-1)) {
      this.active.push(next);
      this.waiting.pop();
    }
    if (this.active.some((focus) => focus.last < focus.place(moment)))
      this.active = this.active.filter((focus) => focus.last >= focus.place(moment));
  }
}

function requestOf(message: Message): ZooKeeperMessage['request'] {
  return message.protocol === 'zookeeper' && message.kind === 'response' ? message.request : null;
}

/** The request that a cited answer belongs to. */
function addRequest(focus: Focus, message: Message, connection: PacketConnection): void {
  const request = requestOf(message);
  if (request === null) return;
  const words = [request.op, request.path ?? ''];
  if (watchingReads.has(request.opcode)) words.push(`watch=${request.watch}`);
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

function packetText({ flags, length }: SeenPacket): string {
  const text = `TCP ${flags.join(', ')}`;
  return length > 0 && !flags.includes('SYN') ? `${text}, ${length} bytes` : text;
}
