import { quorumLine } from '../line.js';
import { electionFields } from './fields.js';
import { electionJournal } from './journal.js';
import { int32 } from '../../../network/bytes.js';
import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../../network/connection.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import type { ConnectionDecoder, MessageSink, Protocol, Recognition } from '../../protocol.js';
import {
  areNotifications,
  HELLO_LENGTH,
  isHello,
  LARGEST_ADDRESS,
  looksLikeNotification,
  readNotification,
} from './electionFormat.js';
import { electionAuth, initialMessage, notification, type ElectionMessage } from './electionMessage.js';
import { ElectionStream } from './electionStream.js';
import type { Ensemble } from '../ensemble.js';
import { int64OrNull } from '../numbers.js';
import { YES } from '../zab/plausibility.js';
import { authStatus } from '../zab/quorumAuth.js';
import { Strangers } from '../strangers.js';

/** Leader election (FastLeaderElection over QuorumCnxManager), each server's election port. */
export function electionProtocol(ensemble: Ensemble): Protocol<typeof electionFields, ElectionMessage> {
  return {
    name: 'election',
    ports: [3888],
    ops: ['initialMessage', 'notification', 'quorumAuth'],
    journal: electionJournal,
    fields: electionFields,
    line: quorumLine,
    recognise,
    // Both sides say the same: the ports keep telling who connected.
    recogniseMidStream: (chunks) => (areNotifications(chunks) ? chunks.at(-1)!.direction : null),
    open: (connection, sink) => new ElectionDecoder(connection, sink, ensemble),
  };
}

/** The protocol version that 3.5 and later begin with, or a small server id and a notification behind it (3.4). */
function recognise(bytes: Buffer, start: number, end: number): Recognition {
  const there = end - start;
  const old = bytes[start] === 0;
  for (let i = 0; i < Math.min(6, there); i++) if (bytes[start + i] !== (old ? 0 : 0xff)) return 'no';
  if (there < 8) return 'more';
  if (old) {
    const id = int32(bytes, start + 4);
    if (id < 1 || id > 255) return 'no';
    if (there < 8 + 48 && there !== 8 + 32 && there !== 8 + 40 && there !== 8 + 44) return 'more';
    return looksLikeNotification(bytes, start + 8, end) === YES ? 'yes' : 'no';
  }
  if (!isHello(bytes, start)) return 'no';
  if (there < HELLO_LENGTH) return 'more';
  const length = int32(bytes, start + 16);
  return length > 0 && length <= LARGEST_ADDRESS ? 'yes' : 'no';
}

class ElectionDecoder implements ConnectionDecoder {
  private readonly strangers: Strangers;
  private readonly toServer: ElectionStream;
  private readonly toClient: ElectionStream;
  /** Server that connected. */
  private connecting: number | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    private readonly ensemble: Ensemble,
  ) {
    this.strangers = new Strangers(connection);
    const atStart = !connection.midStream;
    this.toServer = this.stream(TO_SERVER, atStart ? ElectionStream.INITIAL : ElectionStream.SEARCHING);
    this.toClient = this.stream(TO_CLIENT, atStart ? ElectionStream.MESSAGES : ElectionStream.SEARCHING);
  }

  private stream(direction: Direction, mode: 0 | 1 | 2): ElectionStream {
    const { connection, sink } = this;
    const stream: ElectionStream = new ElectionStream(
      {
        initial: (bytes, start, end, length, streamEnd) => {
          this.initial(stream, bytes, start, end, length, streamEnd);
        },
        notification: (bytes, start, end, length, streamEnd) => {
          this.notification(stream, direction, bytes, start, end, length, streamEnd);
        },
        auth: (bytes, start, length, streamEnd) => {
          const { frame, time, firstFrame } = stream;
          const place = { direction, frame, time, firstFrame, streamEnd, length };
          const [sender, receiver] = this.parties(direction);
          const status = authStatus(int32(bytes, start + 8));
          sink.message({ connection, ...electionAuth(place, sender, receiver, status, int32(bytes, start + 12)) });
        },
        skipped: (bytes) => {
          sink.gap({ connection, direction, frame: stream.frame, time: stream.time, bytes, reason: 'skipped' });
        },
      },
      mode,
    );
    return stream;
  }

  private of(direction: Direction): ElectionStream {
    return direction === TO_SERVER ? this.toServer : this.toClient;
  }

  get held(): number {
    return this.toServer.memory + this.toClient.memory;
  }

  giveUp(): void {
    this.toServer.giveUp();
    this.toClient.giveUp();
  }

  data(chunk: StreamChunk): void {
    if (this.strangers.takes(chunk)) return;
    this.of(chunk.direction).data(chunk);
  }

  gap(direction: Direction, _length: number, _position: number, frame: number, time: number): void {
    const stream = this.of(direction);
    stream.frame = frame;
    stream.time = time;
    stream.gap();
  }

  fin(direction: Direction, frame: number, time: number): void {
    const stream = this.of(direction);
    stream.frame = frame;
    stream.time = time;
    stream.abandon();
  }

  end(frame: number, time: number): void {
    this.fin(TO_SERVER, frame, time);
    this.fin(TO_CLIENT, frame, time);
    this.strangers.end(this.sink, frame, time);
  }

  private initial(
    stream: ElectionStream,
    bytes: Buffer,
    start: number,
    end: number,
    length: number,
    streamEnd: number,
  ): void {
    const { connection, ensemble } = this;
    const { frame, time, firstFrame } = stream;
    const place = { direction: TO_SERVER, frame, time, firstFrame, streamEnd, length } as const;
    const withAddress = length >= HELLO_LENGTH;
    const id = int64OrNull(bytes, withAddress ? start + 8 : start);
    this.connecting = id;
    const addresses = withAddress ? bytes.toString('utf8', start + HELLO_LENGTH, end).split('|') : [];
    if (id !== null) {
      ensemble.ids.learnIp(connection.client.ip, id);
      for (const address of addresses) ensemble.ids.learnAddress(address, id);
    }
    const version = withAddress ? int64OrNull(bytes, start) : null;
    this.sink.message({
      connection,
      ...initialMessage(place, id, ensemble.ids.at(connection.server), version, addresses),
    });
  }

  /** Ids of sender and receiver. */
  private parties(direction: Direction): [number | null, number | null] {
    const { ids } = this.ensemble;
    const connecting = this.connecting ?? ids.at(this.connection.client);
    const accepting = ids.at(this.connection.server);
    return direction === TO_SERVER ? [connecting, accepting] : [accepting, connecting];
  }

  private notification(
    stream: ElectionStream,
    direction: Direction,
    bytes: Buffer,
    start: number,
    end: number,
    length: number,
    streamEnd: number,
  ): void {
    const { connection, ensemble } = this;
    const { ids } = ensemble;
    const { frame, time, firstFrame } = stream;
    const fields = readNotification(bytes, start, end);
    if (fields === null) {
      this.sink.gap({ connection, direction, frame, time, bytes: length, reason: 'skipped' });
      return;
    }
    if (fields.config !== null) ids.learnConfig(fields.config);
    const place = { direction, frame, time, firstFrame, streamEnd, length };
    const [sender, receiver] = this.parties(direction);
    this.sink.message({ connection, ...notification(place, sender, receiver, fields) });
  }
}
