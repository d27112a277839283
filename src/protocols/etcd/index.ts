import { TO_CLIENT, TO_SERVER, type Direction } from '../../network/connection.js';
import { FRAME_HEADER_LENGTH, FrameType, PREFACE } from '../transport/http2/frames.js';
import { FLAG_END_HEADERS, FLAG_PADDED, FLAG_PRIORITY } from '../transport/http2/frames.js';
import { HpackDecoder } from '../transport/http2/hpack.js';
import type { Protocol, Recognition } from '../protocol.js';
import { EtcdDecoder } from './decoder.js';
import { etcdFields } from './fields.js';
import type { EtcdMessage } from './message.js';
import { etcdJournal } from './journal.js';
import { etcdLine } from './line.js';
import { etcdOps, isEtcdPath } from './operations.js';

const CLIENT_PORT = 2379;
const PEER_PORT = 2380;

/** Request lines that are etcd's and nobody else's. */
const ETCD_REQUESTS = ['POST /leases HTTP/1.1\r\n', 'POST /leases/internal HTTP/1.1\r\n', 'GET /raft/', 'POST /raft '];

/** etcd: its members' HTTP on the peer port, its clients' gRPC on the client port, TLS on either. */
export function etcd(): Protocol<typeof etcdFields, EtcdMessage> {
  return {
    name: 'etcd',
    ports: [PEER_PORT, CLIENT_PORT],
    journal: etcdJournal,
    fields: etcdFields,
    ops: etcdOps,
    line: etcdLine,
    recognise,
    recogniseMidStream(chunks): Direction | null {
      const { bytes, start, end } = chunks.at(-1)!;
      const text = bytes.toString('latin1', start, Math.min(end, start + 64));
      if (ETCD_REQUESTS.some((line) => text.startsWith(line))) return TO_SERVER;
      return text.startsWith('HTTP/1.1 ') &&
        /\r\nX-Etcd-Cluster-Id: /i.test(bytes.toString('latin1', start, Math.min(end, start + 1024)))
        ? TO_CLIENT
        : null;
    },
    open: (connection, sink) => new EtcdDecoder(connection, sink),
  };
}

function recognise(bytes: Buffer, start: number, end: number): Recognition {
  const text = bytes.toString('latin1', start, Math.min(end, start + 64));
  if (ETCD_REQUESTS.some((line) => text.startsWith(line))) return 'yes';
  if (ETCD_REQUESTS.some((line) => line.startsWith(text))) return 'more';
  const preface = PREFACE.toString('latin1');
  if (preface.startsWith(text)) return 'more';
  return text.startsWith(preface) ? firstCall(bytes, start + PREFACE.length, end) : 'no';
}

/** gRPC is etcd's where the first call is. */
function firstCall(bytes: Buffer, start: number, end: number): Recognition {
  let at = start;
  while (at + FRAME_HEADER_LENGTH <= end) {
    const length = bytes.readUIntBE(at, 3);
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    at += FRAME_HEADER_LENGTH;
    if (type === FrameType.HEADERS) {
      if ((flags & FLAG_END_HEADERS) === 0 || (flags & FLAG_PADDED) !== 0) return 'no';
      if (at + length > end) return 'more';
      const from = at + ((flags & FLAG_PRIORITY) !== 0 ? 5 : 0);
      const block = from > at + length ? null : new HpackDecoder(true).decode(bytes, from, at + length);
      const path = block?.fields.find((field) => field.name === ':path')?.value;
      return path !== undefined && isEtcdPath(path) ? 'yes' : 'no';
    }
    if (type !== FrameType.SETTINGS && type !== FrameType.WINDOW_UPDATE && type !== FrameType.PING) return 'no';
    at += length;
  }
  return 'more';
}
