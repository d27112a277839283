import { CaptureSet, type CaptureInput } from '../capture/captureSet.js';
import { CaptureError } from '../capture/captureError.js';
import type { Clock } from '../capture/clock.js';
import { DECODED_LINE } from '../capture/frameReader.js';
import { EndpointTable } from '../network/address.js';
import {
  TO_CLIENT,
  TO_SERVER,
  type Connection,
  type Direction,
  type Endpoint,
  type Moment,
} from '../network/connection.js';
import { Dissector } from '../network/dissector.js';
import { ACK, FIN, RST, SYN, type Segment } from '../network/segment.js';
import type { ConnectionListener, StreamHandler } from '../network/streamHandler.js';
import { TcpReassembly } from '../network/tcp.js';
import { allProtocols, type ConnectedMessage, type Message } from '../protocols/registry.js';
import { Router, type ServerPort } from '../protocols/router.js';
import type { KeyStore } from '../protocols/tls/keys/keyStore.js';

/**
 * Connections that are remembered by their addresses; beyond it the oldest are forgotten.
 * @bound connections
 */
const REMEMBERED = 200_000;

/** The connection of a packet: its number, and its ends. */
export interface PacketConnection {
  readonly id: number;
  readonly client: Endpoint;
  readonly server: Endpoint;
}

/** One TCP segment, as Wireshark's list of packets would show it. */
export interface SeenPacket {
  readonly frame: number;
  readonly time: number;
  readonly direction: Direction;
  /** Of SYN, FIN, RST, ACK those that are set, in this order. */
  readonly flags: readonly string[];
  /** Payload bytes that were on the wire. */
  readonly length: number;
}

/** Who looks at packets and at the messages in them, in the order of the capture. */
export interface SeenPacketSink {
  /** A segment comes; its messages follow. */
  arriving(moment: Moment): void;
  message(message: Message, connection: PacketConnection): void;
  /** Whether it wants to look at a segment. `marked`: SYN, FIN or RST is set. */
  wants(frame: number, marked: boolean): boolean;
  packet(packet: SeenPacket, connection: PacketConnection): void;
}

export interface PacketReaderOptions {
  readonly clock: Clock;
  readonly ports: readonly ServerPort[];
  readonly tlsKeys?: KeyStore | undefined;
  /** Reads no farther than this frame; with several hosts, whose frames have no order, than this time. */
  readonly last: number;
  /** When some frames were captured, as they were read first: if that is otherwise now, it is another capture. */
  readonly times: ReadonlyMap<number, number>;
}

/**
 * Captures read a second time, for whoever has to show packets: the way from captures to observations (captureReader.ts)
 * tells of packets only what they did.
 */
export class PacketReader implements ConnectionListener {
  private readonly router: Router;
  private readonly tcp: TcpReassembly;
  private readonly endpoints = new EndpointTable();
  private readonly byAddress = new Map<string, Connection>();

  constructor(
    private readonly sink: SeenPacketSink,
    private readonly options: PacketReaderOptions,
  ) {
    const none = (): void => undefined;
    this.router = new Router(
      allProtocols(options.tlsKeys),
      {
        message: (message: ConnectedMessage) => {
          sink.message(message, message.connection);
        },
        gap: none,
        connectionOpened: none,
        connectionClosed: none,
      },
      { ports: options.ports },
    );
    this.tcp = new TcpReassembly(this);
  }

  /** Throws CaptureError if a capture cannot be read any more, or is another than it was. An aborted `signal` ends it early. */
  async read(inputs: readonly CaptureInput[], signal?: AbortSignal): Promise<void> {
    const { clock, last, times } = this.options;
    if (times.size === 0) return;
    const { several } = clock.hosts;
    const done = new AbortController();
    const dissector = new Dissector((segment) => {
      this.segment(segment);
    });
    const set = new CaptureSet(inputs, clock);
    await set.read(
      (frame) => {
        if ((several ? frame.time : frame.number) > last) {
          done.abort();
          return;
        }
        // Decoded lines hold no packets.
        if (frame.linkType === DECODED_LINE) return;
        const time = times.get(frame.number);
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
    this.tcp.end(several ? 0 : last, 0);
  }

  server(...ends: Parameters<ConnectionListener['server']>): ReturnType<ConnectionListener['server']> {
    return this.router.server(...ends);
  }

  opened(connection: Connection): StreamHandler | null {
    const key = addresses(connection.client.text, connection.server.text);
    this.byAddress.delete(key);
    this.byAddress.set(key, connection);
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

  private ends(segment: Segment): [source: string, destination: string] {
    return [this.endpoints.source(segment).text, this.endpoints.destination(segment).text];
  }

  private segment(segment: Segment): void {
    const { sink } = this;
    const { frame, time, flags, wireLength: length } = segment;
    const { hosts } = this.options.clock;
    // Of a connection that was captured at both ends each segment counts once.
    if (hosts.pairs !== null && !hosts.counts(hosts.indexOfFrame(frame), ...this.ends(segment))) return;
    sink.arriving(segment);
    this.tcp.segment(segment);
    if (!sink.wants(frame, (flags & (SYN | FIN | RST)) !== 0)) return;
    const [source, destination] = this.ends(segment);
    const connection = this.byAddress.get(addresses(source, destination));
    if (connection === undefined) return;
    const direction = source === connection.client.text ? TO_SERVER : TO_CLIENT;
    sink.packet({ frame, time, direction, flags: flagNames(flags), length }, connection);
  }
}

function addresses(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function flagNames(flags: number): string[] {
  const names: [number, string][] = [
    [SYN, 'SYN'],
    [FIN, 'FIN'],
    [RST, 'RST'],
    [ACK, 'ACK'],
  ];
  return names.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}
