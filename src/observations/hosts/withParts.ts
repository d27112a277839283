import type { CapturedPairs, LatencyParts } from '../../capture/hosts.js';
import type { Message } from '../../protocols/protocol.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import type { ConnectionFacts } from '../connectionFacts.js';
import type { Sink } from '../forward.js';

/** A sink that is told with each answer where its time went, if its connection was captured at both ends. */
export function withParts(sink: Sink, pairs: CapturedPairs): Sink {
  const add = (message: Message, { client, server }: ConnectionFacts): void => {
    if (message.protocol !== 'zookeeper') return;
    const m = message as ZooKeeperMessage & { parts?: LatencyParts | null };
    m.parts = m.kind === 'response' && m.xid > 0 ? pairs.parts(client.text, server.text, m.xid) : null;
  };
  return {
    opened: (connection) => {
      sink.opened(connection);
    },
    tcp: (event, connection) => {
      sink.tcp(event, connection);
    },
    message: (message, connection) => {
      add(message, connection);
      sink.message(message, connection);
    },
    ping: (message, connection) => {
      sink.ping(message, connection);
    },
    pingAnswer: (message, connection) => {
      sink.pingAnswer(message, connection);
    },
    gap: (gap, connection) => {
      sink.gap(gap, connection);
    },
    acknowledged: (acknowledgement, connection) => {
      sink.acknowledged(acknowledgement, connection);
    },
    closed: (connection) => {
      sink.closed(connection);
    },
  };
}
