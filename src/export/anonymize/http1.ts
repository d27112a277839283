import { TO_CLIENT, TO_SERVER, type Direction } from '../../network/connection.js';
import { gatewayOp } from '../../protocols/etcd/gateway.js';
import { httpOp, isEndlessResponse, pathOf } from '../../protocols/etcd/operations.js';
import {
  looksLikeRequest,
  looksLikeResponse,
  MAX_HEAD_BYTES,
  parseHead,
  type Http1Head,
} from '../../protocols/transport/http1/head.js';
import type { StreamReader } from './carried.js';
import { rewriteJson } from './json.js';
import type { Maps } from './juteRewriter.js';
import { rewriteProtobuf } from './protobuf.js';
import type { RewrittenStream } from './streams.js';

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
/**
 * Longer bodies are not held: they become zeros.
 * @bound bytes
 */
const MOST_BODY = 1 << 20;
/**
 * Requests of one connection that are remembered until their answer.
 * @bound requests
 */
const MOST_WAITING = 1024;

/** Fields whose values say how something is sent, or are numbers of etcd's members. */
const KEPT_FIELDS: readonly string[] = [
  ...['content-length', 'transfer-encoding', 'content-type', 'connection', 'date', 'accept-encoding', 'accept', 'te'],
  ...['x-etcd-cluster-id', 'x-etcd-index', 'x-raft-index', 'x-raft-term', 'x-min-cluster-version', 'x-server-version'],
  ...['x-server-from', 'x-raft-to', 'x-content-type-options', 'grpc-metadata-content-type', 'vary', 'allow'],
];
const KNOWN_FIELDS: readonly string[] = [...KEPT_FIELDS, 'host', 'user-agent', 'authorization', 'x-peerurls', 'server'];
/** What etcd answers where there is nothing of anybody's in it. */
const KEPT_ERRORS: readonly string[] = [
  'lease not found',
  'etcdserver: requested lease not found',
  '404 page not found',
];
const KEPT_VALUE = /^[A-Za-z0-9 ,:;=/+.*-]{0,120}$/;

interface Side {
  aligned: boolean;
  /** Bytes of a body that pass as zeros; Infinity to the end. */
  passing: number;
  /** Chunks of a body follow. */
  chunks: Body | null;
}

/** What a body is of. */
interface Body {
  readonly target: string;
  readonly ofRequest: boolean;
  readonly failed: boolean;
}

const UNKNOWN_BODY: Body = { target: '', ofRequest: false, failed: false };

/** HTTP/1.1 as etcd's members and its JSON gateway speak it. */
export class Http1Reader implements StreamReader {
  private readonly sides: readonly [Side, Side];
  /** Requests whose answers have not come. */
  private readonly asked: Http1Head[] = [];

  constructor(
    private readonly stream: (direction: Direction) => RewrittenStream,
    private readonly maps: Maps,
    atStart: boolean,
  ) {
    const side = (): Side => ({ aligned: atStart, passing: 0, chunks: null });
    this.sides = [side(), side()];
  }

  data(direction: Direction, position: number): void {
    const stream = this.stream(direction);
    const side = this.sides[direction];
    if (stream.dead) return;
    if (!side.aligned) {
      const text = stream.original(Math.max(position, stream.decided)).toString('latin1', 0, 16);
      const chunk = direction === TO_CLIENT && isChunk(text);
      if (!chunk && (direction === TO_SERVER ? looksLikeRequest(text) : looksLikeResponse(text)) !== 'yes') return;
      if (chunk) side.chunks = UNKNOWN_BODY;
      stream.zeroTo(position);
      side.aligned = true;
    }
    while (this.next(direction, side, stream));
  }

  private next(direction: Direction, side: Side, stream: RewrittenStream): boolean {
    const start = stream.decided;
    const bytes = stream.original(start);
    if (bytes.length === 0) return false;
    if (side.passing > 0) {
      const step = Math.min(side.passing, bytes.length);
      stream.zeroTo(start + step);
      side.passing -= step;
      return true;
    }
    if (side.chunks !== null) return this.chunk(side, side.chunks, stream, start, bytes);
    const headLength = bytes.indexOf(HEAD_END);
    if (headLength < 0) {
      if (bytes.length > MAX_HEAD_BYTES) stream.die();
      return false;
    }
    const kind = direction === TO_SERVER ? 'request' : 'response';
    const text = bytes.toString('latin1', 0, headLength);
    const head = parseHead(text, kind, false);
    if (head === null) {
      stream.die();
      return false;
    }
    const whole = headLength + HEAD_END.length;
    const request = kind === 'request' ? head : (this.asked[0] ?? null);
    const body = this.bodyOf(head, request);
    const length = head.contentLength ?? 0;
    const small = body !== null && length > 0 && length <= MOST_BODY;
    if (small && bytes.length < whole + length) return false;
    stream.put(start, Buffer.concat([this.head(head, text), HEAD_END]));
    if (small) stream.put(start + whole, this.content(body, Buffer.from(bytes.subarray(whole, whole + length))));
    else if (head.chunked && hasBody(head, request)) side.chunks = body ?? UNKNOWN_BODY;
    else side.passing = passes(head, request, length);
    if (kind === 'request' && this.asked.length < MOST_WAITING) this.asked.push(head);
    else if (kind === 'response' && head.status >= 200) this.asked.shift();
    return true;
  }

  private bodyOf(head: Http1Head, request: Http1Head | null): Body | null {
    if (request === null || !hasBody(head, request)) return null;
    return { target: pathOf(request.target), ofRequest: head.kind === 'request', failed: head.status >= 400 };
  }

  private chunk(side: Side, body: Body, stream: RewrittenStream, start: number, bytes: Buffer): boolean {
    const lineEnd = bytes.indexOf(LINE_END);
    const size = lineEnd < 0 ? null : /^[0-9a-f]{1,7}$/i.exec(bytes.toString('latin1', 0, Math.min(lineEnd, 8)))?.[0];
    if (size === null && bytes.length < 16) return false;
    if (size == null) {
      stream.die();
      return false;
    }
    const length = parseInt(size, 16);
    const whole = lineEnd + 2 + length + 2;
    if (bytes.length < whole) return false;
    const content =
      length === 0 ? Buffer.alloc(0) : this.content(body, Buffer.from(bytes.subarray(lineEnd + 2, whole - 2)));
    stream.put(start, Buffer.concat([Buffer.from(size, 'latin1'), LINE_END, content, LINE_END]));
    if (length === 0) side.chunks = null;
    return true;
  }

  /** The head with other values; of the same length. */
  private head(head: Http1Head, text: string): Buffer {
    const { contents } = this.maps;
    const other = (value: string): string => contents.text(Buffer.from(value, 'latin1')).toString('latin1');
    const [first = '', ...lines] = text.split('\r\n');
    const start = head.kind === 'request' ? `${head.method} ${this.target(head)} HTTP/1.${head.minorVersion}` : first;
    const statusLine = /^(HTTP\/1\.[01] [1-5][0-9][0-9])(.*)$/.exec(start);
    const told =
      statusLine === null
        ? start
        : statusLine[1]! + (/^[A-Za-z -]{0,40}$/.test(statusLine[2]!) ? statusLine[2]! : other(statusLine[2]!));
    const fields = lines.map((line) => {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1);
      const known = KNOWN_FIELDS.includes(name.toLowerCase());
      const kept = KEPT_FIELDS.includes(name.toLowerCase()) && KEPT_VALUE.test(value);
      return `${known ? name : other(name)}:${kept ? value : other(value)}`;
    });
    return Buffer.from([told, ...fields].join('\r\n'), 'latin1');
  }

  private target({ method, target }: Http1Head): string {
    const path = pathOf(target);
    const op = httpOp(method, target);
    const known =
      path === '/leases' || path === '/leases/internal' || op === `${method} ${path}` || gatewayOp(path) !== null;
    if (known && path === target) return target;
    const prefix = op.startsWith(`${method} `) ? op.slice(method.length + 1) : '';
    const rest = target.slice(prefix.length);
    const [way = '', ...query] = rest.split('?');
    const mapped = this.maps.names.path(Buffer.from(way, 'latin1')).toString('latin1');
    const asked = query.map((part) => this.maps.contents.text(Buffer.from(part, 'latin1')).toString('latin1'));
    return prefix + [mapped, ...asked].join('?');
  }

  private content({ target, ofRequest, failed }: Body, bytes: Buffer): Buffer {
    const { maps } = this;
    if (gatewayOp(target) !== null || target === '/version' || target === '/health') return rewriteJson(bytes, maps);
    if (failed) return KEPT_ERRORS.includes(bytes.toString('latin1').trim()) ? bytes : maps.contents.text(bytes);
    if (target === '/leases') return rewriteProtobuf('LeaseKeepAlive', ofRequest, bytes, maps);
    if (target === '/leases/internal') return rewriteProtobuf('LeaseTimeToLive', ofRequest, bytes, maps, true);
    return Buffer.alloc(bytes.length);
  }
}

/** Whether a segment from the middle of a connection begins with a chunk, as those of members' endless answers do. */
export function isChunk(text: string): boolean {
  return /^[0-9a-f]{1,7}\r\n/i.test(text);
}

function hasBody({ status }: Http1Head, request: Http1Head | null): boolean {
  return status !== 204 && status !== 304 && (status === 0 || (status >= 200 && request?.method !== 'HEAD'));
}

/** Bytes behind a head that are passed over. */
function passes(head: Http1Head, request: Http1Head | null, length: number): number {
  if (!hasBody(head, request)) return 0;
  if (head.kind === 'response' && request !== null && isEndlessResponse(request.method, request.target))
    return Infinity;
  if (head.kind === 'response' && head.contentLength === null) return Infinity;
  return length;
}
