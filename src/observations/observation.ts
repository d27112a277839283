import type { Gap } from '../protocols/protocol.js';
import type { Message } from '../protocols/registry.js';
import { OpCode } from '../protocols/zookeeper/format/opcodes.js';
import type { ZooKeeperMessage } from '../protocols/zookeeper/message.js';
import type { Acknowledgement, ConnectionFacts, TcpEvent } from './connectionFacts.js';

/**
 * Behind the wall: everything that a source (captures, decoded lines) tells, in the order of the capture. All methods are
 * mandatory: a wrapper that forgets one would silently lose it. `connection` is the same object for all that is told of
 * one connection, brought up to date before the call; messages, gaps and events are valid only during it.
 */
export interface ObservationSink {
  /** A connection is known to be of a protocol: at its first packet where the port tells, later otherwise. */
  opened(connection: ConnectionFacts): void;
  /** What a segment was beside its payload: SYN, FIN, RST, repetition, zero window … */
  tcp(event: TcpEvent, connection: ConnectionFacts): void;
  message(message: Message, connection: ConnectionFacts): void;
  /** A ping of ZooKeeper's client protocol, and the answer to one without an error: half of all traffic. */
  ping(message: ZooKeeperMessage, connection: ConnectionFacts): void;
  pingAnswer(message: ZooKeeperMessage, connection: ConnectionFacts): void;
  gap(gap: Gap, connection: ConnectionFacts): void;
  /**
   * The receiver of a direction has acknowledged more than before. Told where somebody may ask: after a notification, after
   * a repetition, and after the end of the connection; `connection` has the position.
   */
  acknowledged(acknowledgement: Acknowledgement, connection: ConnectionFacts): void;
  /** It ended, or the capture did: its facts are complete, but for what `acknowledged` and `tcp` may still add. */
  closed(connection: ConnectionFacts): void;
}

/** Tells a sink of a message, and of a ping as such. */
export function tell(sink: ObservationSink, message: Message, connection: ConnectionFacts): void {
  connection.protocol = message.protocol;
  if (message.protocol !== 'zookeeper') {
    if (message.protocol === 'tls') connection.secured = true;
    sink.message(message, connection);
    return;
  }
  if (message.opcode !== OpCode.ping || message.kind === 'notification') sink.message(message, connection);
  else if (message.kind === 'request') sink.ping(message, connection);
  else if (message.err === 0) sink.pingAnswer(message, connection);
  else sink.message(message, connection);
}
