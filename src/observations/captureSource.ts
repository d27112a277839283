import type { Connection, Direction as LiveDirection, Stream as LiveStream } from '../network/connection.js';
import type { TcpEventKind } from '../network/tcpEvents.js';
import type { ConnectedGap } from '../protocols/protocol.js';
import type { ConnectedMessage } from '../protocols/registry.js';
import type { ConnectionSink } from '../protocols/router.js';
import {
  applyAcknowledgement,
  applyTcpEvent,
  ConnectionFacts,
  TO_CLIENT,
  TO_SERVER,
  type StreamFacts,
} from './connectionFacts.js';
import { tell, type ObservationSink } from './observation.js';

/**
 * Captures as a source of observations: what network and protocols tell, with the facts of a connection copied out of the
 * live objects at the moments that an observation names, and at no other.
 */
export class CaptureSource implements ConnectionSink {
  constructor(private readonly sink: ObservationSink) {}

  connectionOpened(live: Connection): void {
    this.open(live);
  }

  private open(live: Connection): ConnectionFacts {
    const connection = new ConnectionFacts(live.id, live.client, live.server, live.start, live.midStream);
    connection.protocol = live.protocol;
    live.attachment = connection;
    this.sink.opened(connection);
    // Found by its bytes, not by its port: what had been before is told now.
    if (live.syn !== null) this.event(connection, 'syn', TO_SERVER, live.syn.frame, live.syn.time);
    const repeated = live.lastSyn ?? live.syn;
    for (let more = live.synCount; more > 1 && repeated !== null; more--) {
      this.event(connection, 'synRetransmission', TO_SERVER, repeated.frame, repeated.time);
    }
    if (live.synAck !== null) this.event(connection, 'synAck', TO_CLIENT, live.synAck.frame, live.synAck.time);
    return connection;
  }

  connectionClosed(live: Connection): void {
    const connection = this.of(live);
    const { end, endMoment, protocol, foreign, toServer, toClient } = live;
    connection.end = end;
    connection.endMoment = endMoment;
    connection.protocol = protocol;
    connection.foreign = foreign;
    connection.syn = live.syn;
    connection.synCount = live.synCount;
    connection.lastSyn = live.lastSyn;
    connection.synAck = live.synAck;
    connection.refused = live.refused;
    copyStream(toServer, connection.toServer);
    copyStream(toClient, connection.toClient);
    this.sink.closed(connection);
    // What is acknowledged after the end says how much of the last words arrived.
    watchEnd(toServer);
    watchEnd(toClient);
  }

  /** A segment was one of these (see network/tcp.ts); of connections that are nobody's nothing is told. */
  tcpEvent(kind: TcpEventKind, live: Connection, direction: LiveDirection, frame: number, time: number): void {
    const connection = live.attachment as ConnectionFacts | null;
    if (connection === null) return;
    this.event(connection, kind, direction, frame, time);
    if (kind === 'retransmission') watch(live.stream(direction), 0);
  }

  /** The receiver of `direction` has acknowledged what was waited for, or the end of the stream. */
  acknowledged(live: Connection, direction: LiveDirection): void {
    const connection = live.attachment as ConnectionFacts | null;
    const stream = live.stream(direction);
    if (connection === null) {
      stream.watchFor = Infinity;
      return;
    }
    this.acknowledge(connection, live, direction);
    if (live.end !== 'open') watchEnd(stream);
    // Once something was in doubt, every step counts until all that was sent is acknowledged.
    else if (stream.acked < stream.delivered) stream.watchFor = stream.acked + 1;
  }

  message(message: ConnectedMessage): void {
    const connection = this.of(message.connection);
    if (message.kind === 'notification') this.notification(message, connection);
    tell(this.sink, message, connection);
  }

  gap(gap: ConnectedGap): void {
    const connection = this.of(gap.connection);
    connection.foreign = gap.connection.foreign;
    this.sink.gap(gap, connection);
  }

  /** Whether it was received will be asked. */
  private notification({ connection: live, streamEnd }: ConnectedMessage, connection: ConnectionFacts): void {
    const { toClient } = live;
    // Bytes that came out of order may be acknowledged before they are understood.
    if (toClient.acked < streamEnd) watch(toClient, streamEnd);
    else if (connection.toClient.acked < streamEnd) this.acknowledge(connection, live, TO_CLIENT);
  }

  private acknowledge(connection: ConnectionFacts, live: Connection, direction: LiveDirection): void {
    const { acked, ackedFrame: frame, ackedTime: time, finAcked } = live.stream(direction);
    const acknowledgement = { direction, frame, time, acked, finAcked };
    applyAcknowledgement(connection, acknowledgement);
    this.sink.acknowledged(acknowledgement, connection);
  }

  private event(
    connection: ConnectionFacts,
    kind: TcpEventKind,
    direction: LiveDirection,
    frame: number,
    time: number,
  ): void {
    const event = { kind, direction, frame, time };
    applyTcpEvent(connection, event);
    this.sink.tcp(event, connection);
  }

  private of(live: Connection): ConnectionFacts {
    return (live.attachment as ConnectionFacts | null) ?? this.open(live);
  }
}

/** Asks to be told when `position` is acknowledged, or whatever is next where that was already. */
function watch(stream: LiveStream, position: number): void {
  const next = Math.max(position, stream.acked + 1);
  if (next < stream.watchFor) stream.watchFor = next;
}

/** Of a connection that has ended, asks for every step up to the acknowledgement of the FIN. */
function watchEnd(stream: LiveStream): void {
  if (stream.fin === null || stream.finAcked) watch(stream, 0);
  else stream.watchFor = stream.acked;
}

/** All that is told of a direction: `to` has the fields of a StreamFacts and no other. */
function copyStream(from: StreamFacts, to: StreamFacts): void {
  to.packets = from.packets;
  to.delivered = from.delivered;
  to.acked = from.acked;
  to.ackedFrame = from.ackedFrame;
  to.ackedTime = from.ackedTime;
  to.lastFrame = from.lastFrame;
  to.lastTime = from.lastTime;
  to.lastPayloadFrame = from.lastPayloadFrame;
  to.lastPayloadTime = from.lastPayloadTime;
  to.gapBytes = from.gapBytes;
  to.retransmissions = from.retransmissions;
  to.duplicates = from.duplicates;
  to.unackedRetransmissions = from.unackedRetransmissions;
  to.firstUnackedRetransmission = from.firstUnackedRetransmission;
  to.keepAlives = from.keepAlives;
  to.zeroWindows = from.zeroWindows;
  to.fin = from.fin;
  to.finRepeats = from.finRepeats;
  to.finAcked = from.finAcked;
  to.rst = from.rst;
}
