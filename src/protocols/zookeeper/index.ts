import { TO_CLIENT, TO_SERVER, type Direction } from '../../network/connection.js';
import type { Protocol, Recognition } from '../protocol.js';
import { OpCode, opNames } from './format/opcodes.js';
import { SharedState } from './decodedMessage.js';
import { ZooKeeperDecoder } from './connection/decoder.js';
import { zookeeperFields } from './fields.js';
import { zookeeperJournal } from './journal.js';
import type { ZooKeeperMessage } from './message.js';
import { zookeeperLine } from './line.js';
import { isConnectRequest } from './connection/handshake.js';
import { requestEvidence, responseEvidence } from './connection/resync.js';
import { areAnswers } from './connection/midStream.js';
import { OutstandingRequests } from './connection/requests.js';

const HANDSHAKE = 28 + 16;

/** ZooKeeper's client protocol. */
export function zookeeper(): Protocol<typeof zookeeperFields, ZooKeeperMessage> {
  const shared = new SharedState();
  const none = new OutstandingRequests();
  return {
    name: 'zookeeper',
    ports: [2181],
    portsInside: [2281],
    journal: zookeeperJournal,
    fields: zookeeperFields,
    ops: [...opNames, 'notification', 'fourLetterWord'],
    line: zookeeperLine,
    recognise(bytes, start, end): Recognition {
      if (end - start < 4) return bytes[start] === 0 ? 'more' : 'no';
      const length = bytes.readInt32BE(start);
      // On any port only the handshake that clients really send: a password of 16 bytes, with or without readOnly.
      if (length !== HANDSHAKE && length !== HANDSHAKE + 1) return 'no';
      if (end - start < 4 + length) return end - start >= 8 && bytes.readInt32BE(start + 4) !== 0 ? 'no' : 'more';
      return isConnectRequest(bytes, start + 4, start + 4 + length) && bytes.readInt32BE(start + 16) > 0 ? 'yes' : 'no';
    },
    recogniseMidStream(chunks): Direction | null {
      const { bytes, start, end } = chunks.at(-1)!;
      // A SASL token is any bytes with their length in front, as other protocols have them too.
      const token = end - start >= 12 && bytes.readInt32BE(start + 8) === OpCode.sasl;
      if (!token && requestEvidence(bytes, start, end) === 'strong') return TO_SERVER;
      if (responseEvidence(bytes, start, end, none, -1) === 'strong') return TO_CLIENT;
      return areAnswers(chunks) ? TO_CLIENT : null;
    },
    open: (connection, sink) => new ZooKeeperDecoder(connection, sink, shared),
  };
}
