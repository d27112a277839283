import { EndpointTable } from './address.js';
import { Connection, TO_CLIENT, TO_SERVER, type ConnectionEnd } from './connection.js';
import { ConnectionTable } from './connectionTable.js';
import { DoubtQueue } from './doubtQueue.js';
import { DUPLICATE_TIME, type Piece } from './halfConnection.js';
import { ACK, FIN, RST, SYN, type Segment } from './segment.js';
import { StreamChunk } from './streamChunk.js';
import type { ConnectionListener } from './streamHandler.js';
import { Half, TcpConnection, type SegmentPlace } from './tcpConnection.js';
import {
  CLOSED_KEPT,
  MAX_CONNECTIONS,
  MAX_WAITING_BYTES,
  MAX_WAITING_IN_ALL,
  MAX_WAITING_PIECES,
  type TcpOptions,
} from './tcpLimits.js';
import { eachEvent, REFUSED, RST_SEEN, SYN_ACK_SEEN, SYN_REPEATED, SYN_SEEN, WINDOW_CLOSED } from './tcpEvents.js';

/** A hole counts as lost to the capture when this many packets or nanoseconds have passed since it was acknowledged. */
const GRACE_PACKETS = 8;
const GRACE_TIME = 250e6;
/**
 * Farther ahead of the window than any sender is allowed in practice: not data of this connection.
 * @bound bytes
 */
const STRAY_DISTANCE = 16 * 1024 * 1024;
const STRAYS_TO_BELIEVE = 3;
const TIME_WAIT = 60e9;
/** TCP reassembly of all connections of a capture. */
export class TcpReassembly {
  private readonly table = new ConnectionTable<TcpConnection>();
  private readonly endpoints = new EndpointTable();
  private connections = 0;
  private readonly doubtful = new DoubtQueue<Half>();
  private nextDoubt = Infinity;
  private readonly closedQueue: (TcpConnection | null)[] = [];
  private closedHead = 0;
  private waitingTotal = 0;
  private heldTotal = 0;
  private readonly chunk = new StreamChunk();
  private readonly maxConnections: number;
  private readonly maxWaitingBytes: number;
  private readonly maxWaitingTotal: number;
  /** Connections that had to be forgotten while they may have been alive. */
  forgotten = 0;
  /** Segments far outside the window of their connection, and segments of closed connections: not used. */
  strays = 0;
  late = 0;

  constructor(
    private readonly listener: ConnectionListener,
    options: TcpOptions = {},
  ) {
    this.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
    this.maxWaitingBytes = options.maxWaitingBytes ?? MAX_WAITING_BYTES;
    this.maxWaitingTotal = options.maxWaitingTotal ?? MAX_WAITING_IN_ALL;
  }

  /** Number of TCP connections seen so far. */
  get count(): number {
    return this.connections;
  }

  /** Where a segment that was just taken belongs; null where that has been forgotten at once. */
  placeOf(segment: Segment): SegmentPlace | null {
    const entry = this.table.find(segment);
    return entry && { ...entry.ends, stream: this.table.forward ? entry.a : entry.b };
  }

  segment(segment: Segment): void {
    const { time, flags } = segment;
    if (time > this.nextDoubt) this.settleDoubts(time);
    let entry = this.table.find(segment);
    if (entry !== null && this.isNewConnection(entry, segment)) {
      this.close(entry, 'replaced', segment.frame, time);
      this.table.remove(entry);
      entry = null;
    }
    const opened = entry === null;
    entry ??= this.open(segment);
    const fromA = opened || this.table.forward;
    const half = fromA ? entry.a : entry.b;
    const peer = fromA ? entry.b : entry.a;
    half.packets++;
    half.lastFrame = segment.frame;
    half.lastTime = time;
    const closedWindow = segment.window === 0 && (flags & (SYN | FIN | RST)) === 0;
    if (closedWindow !== half.closedWindow) {
      half.closedWindow = closedWindow;
      if (closedWindow) half.events |= WINDOW_CLOSED;
    }
    if (entry.closed) this.afterClose(entry, half, peer, segment);
    else this.take(entry, half, peer, segment);
    if (half.events !== 0) this.tellEvents(entry, half);
  }

  /** Takes a segment of a connection that lives. */
  private take(entry: TcpConnection, half: Half, peer: Half, segment: Segment): void {
    const { flags, time } = segment;
    if ((flags & SYN) !== 0) this.synchronise(entry, half, peer, segment);
    else if (!half.known) half.begin(segment.sequence);
    if ((flags & RST) !== 0) {
      this.reset(entry, half, segment);
      return;
    }
    if (segment.window === 0 && (flags & (SYN | FIN)) === 0) half.zeroWindows++;
    const acknowledges = (flags & ACK) !== 0 ? this.acknowledge(entry, peer, segment) : 0;
    if (peer.mayBeReported > 0) half.reportOn(peer, segment);
    if (segment.wireLength > 0) this.payload(entry, half, peer, segment, acknowledges);
    else half.empty(segment);
    if ((flags & FIN) !== 0) half.finish(segment);
    if (half.finPosition >= 0 || half.waiting > 0 || peer.waiting > 0 || peer.finPosition >= 0) this.drain(entry);
    if (half.doubtPackets >= 0 || peer.doubtPackets >= 0) {
      if (half.doubtPackets >= 0) half.doubtPackets++;
      if (peer.doubtPackets >= 0) peer.doubtPackets++;
      if (half.doubtPackets > GRACE_PACKETS || peer.doubtPackets > GRACE_PACKETS)
        this.settle(entry, GRACE_PACKETS, time);
    }
  }

  /** The capture is over: everything that waits is handed on with the gaps that remain. */
  end(frame: number, time: number): void {
    for (const entry of this.inOrder()) {
      if (!entry.closed) this.close(entry, 'open', frame, time);
    }
  }

  // Connections

  /** Of first packet. */
  private inOrder(): TcpConnection[] {
    return [...this.table.all()].sort((a, b) => a.connection.id - b.connection.id);
  }

  private isNewConnection(entry: TcpConnection, segment: Segment): boolean {
    const half = this.table.forward ? entry.a : entry.b;
    if ((segment.flags & (SYN | ACK)) === SYN) return half.initialSequence !== segment.sequence;
    if ((segment.flags & (SYN | ACK)) === (SYN | ACK)) {
      return half.initialSequence !== -1 && half.initialSequence !== segment.sequence;
    }
    if (!entry.closed || segment.wireLength === 0 || (segment.flags & RST) !== 0) return false;
    // The SYN may be missing: another sequence space, or long after TIME_WAIT, is another connection.
    const far = Math.abs(half.position(segment.sequence) - half.delivered) > STRAY_DISTANCE;
    return far || segment.time - (entry.connection.endMoment?.time ?? 0) > TIME_WAIT;
  }

  private open(segment: Segment): TcpConnection {
    if (this.table.size >= this.maxConnections) this.forget(segment);
    const source = this.endpoints.source(segment);
    const destination = this.endpoints.destination(segment);
    const syn = (segment.flags & SYN) !== 0;
    let sourceIsClient: boolean;
    let rolesKnown = true;
    if (syn) sourceIsClient = (segment.flags & ACK) === 0;
    else {
      const server = this.listener.server(source, destination);
      rolesKnown = server !== null;
      sourceIsClient = server === null ? source.port >= destination.port : server === destination;
    }
    const start = { frame: segment.frame, time: segment.time };
    const own = new Half(sourceIsClient ? TO_SERVER : TO_CLIENT);
    const other = new Half(sourceIsClient ? TO_CLIENT : TO_SERVER);
    const connection = new Connection(
      this.connections++,
      sourceIsClient ? source : destination,
      sourceIsClient ? destination : source,
      rolesKnown,
      start,
      !syn,
      sourceIsClient ? own : other,
      sourceIsClient ? other : own,
    );
    const entry = new TcpConnection(this.table.hash(segment), segment, connection, own, other);
    this.table.add(entry);
    entry.handler = this.listener.opened(connection);
    return entry;
  }

  /** Makes room: closed connections go first, then an eighth of those that were silent longest. */
  private forget(segment: Segment): void {
    while (this.closedHead < this.closedQueue.length) this.dropOldestClosed();
    if (this.table.size < this.maxConnections) return;
    const entries = this.inOrder();
    const count = Math.ceil(entries.length / 8);
    // A flood of connections that carry nothing must not push out those that work.
    const empty = entries.filter(({ connection }) => connection.isEmpty);
    const oldest = (empty.length >= count ? empty : entries).sort((x, y) => x.lastTime - y.lastTime);
    for (const entry of oldest.slice(0, count)) {
      this.forgotten++;
      this.close(entry, 'forgotten', segment.frame, segment.time);
      this.table.remove(entry);
    }
  }

  private close(entry: TcpConnection, end: ConnectionEnd, frame: number, time: number): void {
    if (entry.closing) return;
    entry.closing = true;
    this.drainAll(entry);
    entry.closed = true;
    this.doubtful.remove(entry.a);
    this.doubtful.remove(entry.b);
    const connection = entry.connection;
    connection.end = end;
    connection.endMoment = { frame, time };
    entry.handler?.end(frame, time);
    entry.handler = null;
    this.heldTotal -= entry.held;
    entry.held = 0;
    if (entry.a.events !== 0) this.tellEvents(entry, entry.a);
    if (entry.b.events !== 0) this.tellEvents(entry, entry.b);
    this.listener.closed(connection);
    // Of one that is forgotten nothing is found any more: what comes of it begins another.
    if (end === 'forgotten') return;
    this.closedQueue.push(entry);
    if (this.closedQueue.length - this.closedHead > CLOSED_KEPT) this.dropOldestClosed();
  }

  private dropOldestClosed(): void {
    const entry = this.closedQueue[this.closedHead];
    this.closedQueue[this.closedHead++] = null;
    if (entry != null) this.table.remove(entry);
    if (this.closedHead > CLOSED_KEPT) {
      this.closedQueue.splice(0, this.closedHead);
      this.closedHead = 0;
    }
  }

  /** Facts that still come in after the end: the last acknowledgements, repeated FINs. */
  private afterClose(entry: TcpConnection, half: Half, peer: Half, segment: Segment): void {
    if ((segment.flags & RST) !== 0) {
      if (half.rst === null) half.events |= RST_SEEN;
      half.rst ??= { frame: segment.frame, time: segment.time };
    } else if ((segment.flags & ACK) !== 0) {
      peer.acknowledge(segment);
      if (peer.reached()) this.listener.acknowledged?.(entry.connection, peer.direction);
    }
    if ((segment.flags & FIN) !== 0 && half.fin !== null) half.finish(segment);
    else if (segment.wireLength > 0 && entry.connection.end !== 'open') this.late++;
  }

  private tellEvents(entry: TcpConnection, half: Half): void {
    const { events, direction, lastFrame, lastTime } = half;
    half.events = 0;
    const { listener } = this;
    if (listener.tcpEvent === undefined) return;
    eachEvent(events, (kind) => listener.tcpEvent?.(kind, entry.connection, direction, lastFrame, lastTime));
  }

  // Flags

  private synchronise(entry: TcpConnection, half: Half, peer: Half, segment: Segment): void {
    const connection = entry.connection;
    const moment = { frame: segment.frame, time: segment.time };
    if (half.initialSequence === -1) {
      half.initialSequence = segment.sequence;
      if (!half.known) half.begin((segment.sequence + 1) >>> 0);
    }
    if ((segment.flags & ACK) !== 0) {
      if (connection.synAck === null) half.events |= SYN_ACK_SEEN;
      connection.synAck ??= moment;
      if (peer.initialSequence === -1 && !peer.known) peer.begin(segment.acknowledgement);
      return;
    }
    if (connection.syn === null) connection.syn = moment;
    else if (connection.lastSyn !== null && segment.time - connection.lastSyn.time < DUPLICATE_TIME) return;
    half.events |= connection.synCount === 0 ? SYN_SEEN : SYN_REPEATED;
    connection.synCount++;
    connection.lastSyn = moment;
  }

  private reset(entry: TcpConnection, half: Half, segment: Segment): void {
    const connection = entry.connection;
    const moment = { frame: segment.frame, time: segment.time };
    half.rst ??= moment;
    const answersSyn = connection.syn !== null && connection.synAck === null && half.direction === TO_CLIENT;
    const refused = answersSyn && half.delivered === 0;
    if (refused) connection.refused ??= moment;
    half.events |= refused ? REFUSED : RST_SEEN;
    this.close(entry, 'rst', segment.frame, segment.time);
  }

  /** @returns position in the other direction up to which this segment acknowledges */
  private acknowledge(entry: TcpConnection, peer: Half, segment: Segment): number {
    if (!peer.known) peer.begin(segment.acknowledgement);
    const position = peer.acknowledge(segment);
    if (peer.reached()) this.listener.acknowledged?.(entry.connection, peer.direction);
    const delivered = peer.delivered + (peer.finDelivered || peer.finPosition === peer.delivered ? 1 : 0);
    if (position > delivered && position > peer.granted && peer.doubtPackets < 0 && peer.packets > 0)
      this.doubt(peer, segment.time);
    return position;
  }

  // Payload

  private payload(entry: TcpConnection, half: Half, peer: Half, segment: Segment, acknowledges: number): void {
    let sequence = segment.sequence;
    if ((segment.flags & SYN) !== 0) sequence = (sequence + 1) >>> 0;
    let position = half.position(sequence);
    const length = segment.wireLength;
    if (position < 0 && half.delivered === 0 && half.initialSequence === -1 && position > -STRAY_DISTANCE) {
      half.beginEarlier(sequence);
      position = 0;
    }
    if (position + length <= half.delivered) {
      half.repeat(segment, position);
      return;
    }
    if (position > Math.max(half.delivered, half.acked) + STRAY_DISTANCE && ++half.strays < STRAYS_TO_BELIEVE) {
      this.strays++;
      return;
    }
    half.strays = 0;
    half.lastPayloadFrame = segment.frame;
    half.lastPayloadTime = segment.time;
    if (entry.handler === null) {
      // Nobody wants the bytes: only count them.
      half.advance(position + length - half.delivered);
      return;
    }
    if (half.waiting > 0) half.lateFirstCopy(segment, position, peer.lastTime);
    const inOrder = position <= half.delivered && half.waiting === 0;
    if (inOrder && this.mayGo(peer, acknowledges)) {
      const start = segment.start + (half.delivered - position);
      this.deliver(entry, half, segment, start, segment.end, position + length - half.delivered);
      return;
    }
    if (position < half.delivered) this.holdRest(half, segment, position, acknowledges);
    else
      this.waitingTotal += half.hold(
        { position, length, frame: segment.frame, time: segment.time, acknowledges },
        segment.bytes,
        segment.start,
        segment.end,
      );
    if (
      half.waiting > MAX_WAITING_PIECES ||
      half.queuedBytes > this.maxWaitingBytes ||
      this.waitingTotal > this.maxWaitingTotal
    ) {
      this.drainAll(entry);
    } else if (half.doubtPackets < 0 && peer.packets === 0) {
      this.doubt(half, segment.time); // no acknowledgement can ever be seen: do not wait for one
    }
  }

  private holdRest(half: Half, segment: Segment, position: number, acknowledges: number): void {
    const skip = half.delivered - position;
    const piece = {
      position: position + skip,
      length: segment.wireLength - skip,
      frame: segment.frame,
      time: segment.time,
      acknowledges,
    };
    this.waitingTotal += half.hold(piece, segment.bytes, Math.min(segment.start + skip, segment.end), segment.end);
  }

  /** Whether what a segment acknowledges has been handed on (or given up), so that the segment may follow it. */
  private mayGo(peer: Half, acknowledges: number): boolean {
    return (
      acknowledges <= peer.granted ||
      peer.grantsAll ||
      (peer.finDelivered && acknowledges <= peer.granted + 1) ||
      peer.packets === 0
    );
  }

  private deliver(
    entry: TcpConnection,
    half: Half,
    { bytes, frame, time }: Segment | Piece,
    start: number,
    end: number,
    length: number,
  ): void {
    if (frame > half.lastDeliveredFrame) {
      half.lastDeliveredFrame = frame;
      half.lastDeliveredTime = time;
    }
    const captured = Math.max(0, Math.min(end - start, length));
    const direction = half.direction;
    const position = half.delivered;
    half.advance(captured);
    const { handler } = entry;
    if (captured > 0 && handler !== null) {
      const { lastDeliveredFrame, lastDeliveredTime } = half;
      const to = start + captured;
      handler.data(this.chunk.set(direction, bytes, start, to, position, lastDeliveredFrame, lastDeliveredTime));
      if (handler.successor !== undefined && handler.successor !== null) entry.handler = handler.successor;
      this.weigh(entry);
    }
    if (captured < length) this.skip(entry, half, length - captured, half.lastDeliveredFrame, half.lastDeliveredTime);
  }

  /** Counts what the handler of a connection holds; where all together hold too much, those that hold most give it up. */
  private weigh(entry: TcpConnection): void {
    const held = entry.handler?.held ?? 0;
    if (held === entry.held) return;
    this.heldTotal += held - entry.held;
    entry.held = held;
    if (this.heldTotal + this.waitingTotal <= this.maxWaitingTotal) return;
    const holders = this.inOrder()
      .filter((other) => other.held > 0)
      .sort((a, b) => b.held - a.held);
    for (const other of holders) {
      if (this.heldTotal <= this.maxWaitingTotal / 2) break;
      other.handler?.giveUp?.();
      const left = other.handler?.held ?? 0;
      this.heldTotal += left - other.held;
      other.held = left;
    }
  }

  /** Passes over bytes that the capture does not have. */
  private skip(entry: TcpConnection, half: Half, length: number, frame: number, time: number): void {
    const position = half.delivered;
    half.gapBytes += length;
    const direction = half.direction;
    half.advance(length);
    const { handler } = entry;
    if (handler === null) return;
    if (handler.tellsMissing !== true) this.listener.missing?.(entry.connection, direction, length, frame, time);
    handler.gap(direction, length, position, frame, time);
  }

  // What waits

  /** Hands on what waits for nothing any more, in both directions. */
  private drain(entry: TcpConnection): void {
    for (let progress = true; progress;) {
      progress = this.drainHalf(entry, entry.a, entry.b);
      if (this.drainHalf(entry, entry.b, entry.a)) progress = true;
    }
    if (entry.a.finDelivered && entry.b.finDelivered) {
      const last =
        entry.connection.toServer.fin!.frame > entry.connection.toClient.fin!.frame
          ? entry.connection.toServer
          : entry.connection.toClient;
      this.close(entry, 'fin', last.fin!.frame, last.fin!.time);
    }
  }

  private drainHalf(entry: TcpConnection, half: Half, peer: Half): boolean {
    let progress = false;
    for (let piece = half.first(); piece !== undefined; piece = half.first()) {
      const delivered = half.delivered;
      if (piece.position + piece.length <= delivered) {
        this.drop(half);
        continue;
      }
      if (piece.position > delivered || !this.mayGo(peer, piece.acknowledges)) break;
      this.drop(half);
      const length = piece.position + piece.length - delivered;
      this.deliver(entry, half, piece, delivered - piece.position, piece.bytes.length, length);
      progress = true;
    }
    if (half.doubtPackets >= 0 && half.acked <= half.delivered && half.waiting === 0) half.settled();
    if (half.finPosition >= 0 && !half.finDelivered && half.delivered >= half.finPosition && half.waiting === 0) {
      half.finDelivered = true;
      const fin = half.fin!;
      entry.handler?.fin(half.direction, fin.frame, fin.time);
      progress = true;
    }
    return progress;
  }

  private drop(half: Half): void {
    const before = half.queuedBytes;
    half.shift();
    this.waitingTotal -= before - half.queuedBytes;
  }

  /** Something acknowledged was not captured, or not yet: a swapped packet may still bring it. */
  private doubt(half: Half, time: number): void {
    half.doubtSince = time;
    half.doubtPackets = 0;
    this.doubtful.remove(half);
    this.doubtful.add(half);
    this.nextDoubt = Math.min(this.nextDoubt, time + GRACE_TIME);
  }

  private settleDoubts(time: number): void {
    this.nextDoubt = Infinity;
    for (let half = this.doubtful.first; half !== null; half = this.doubtful.first) {
      const since = half.doubtSince;
      if (since >= 0 && time - since <= GRACE_TIME) {
        // Those behind it came into doubt later.
        this.nextDoubt = since + GRACE_TIME;
        return;
      }
      this.doubtful.remove(half);
      if (since >= 0) this.settle(half.owner!, GRACE_PACKETS, time);
    }
  }

  /** Gives up holes whose time of grace is over. */
  private settle(entry: TcpConnection, packets: number, time: number): void {
    for (const half of [entry.a, entry.b]) {
      if (half.doubtPackets < 0) continue;
      if (half.doubtPackets > packets || time - half.doubtSince > GRACE_TIME) {
        half.settled();
        this.giveUp(entry, half, false);
        // What waited behind the hole comes before what acknowledges it.
        this.drainHalf(entry, half, half === entry.a ? entry.b : entry.a);
      }
    }
    this.drain(entry);
  }

  /** Declares the hole before the first waiting piece, as far as it was acknowledged (or all of it), lost. */
  private giveUp(entry: TcpConnection, half: Half, all: boolean): void {
    const first = half.first();
    const noAcknowledgements = all || (half === entry.a ? entry.b : entry.a).packets === 0;
    let upTo = half.acked;
    if (first !== undefined) upTo = noAcknowledgements ? first.position : Math.min(first.position, half.acked);
    const missing = upTo - half.delivered;
    // Not beyond what waits: that will come, and then what acknowledges it.
    half.granted = Math.max(half.granted, half.delivered, Math.min(half.acked, first?.position ?? Infinity));
    if (missing <= 0) return;
    // One acknowledged byte and nothing behind it is a FIN that was not captured.
    if (missing === 1 && first === undefined && half.finPosition < 0) {
      half.granted++;
      return;
    }
    const frame = first?.frame ?? half.lastDeliveredFrame;
    const time = first?.time ?? half.lastDeliveredTime;
    this.skip(entry, half, missing, Math.max(frame, half.lastDeliveredFrame), Math.max(time, half.lastDeliveredTime));
  }

  /** Hands on everything that waits, whatever is missing. */
  private drainAll(entry: TcpConnection): void {
    this.drain(entry);
    const waiting = (): number => (entry.closed ? 0 : entry.a.waiting + entry.b.waiting);
    for (let before = waiting(); before > 0;) {
      for (const half of [entry.a, entry.b]) {
        this.giveUp(entry, half, true);
        this.drainHalf(entry, half, half === entry.a ? entry.b : entry.a);
      }
      this.drain(entry);
      if (waiting() === before) {
        // Each waits for the other: acknowledgements that cannot be true.
        entry.a.grantsAll = true;
        entry.b.grantsAll = true;
        this.drain(entry);
        if (waiting() === before) break;
      }
      before = waiting();
    }
    for (const half of [entry.a, entry.b]) {
      if (half.grantsAll) half.granted = half.delivered;
      half.grantsAll = false;
      if (half.acked > half.delivered && half.packets > 0) this.giveUp(entry, half, true);
      const { unseen } = half;
      if (unseen > 0) this.skip(entry, half, unseen, half.lastDeliveredFrame, half.lastDeliveredTime);
      half.settled();
    }
  }
}
