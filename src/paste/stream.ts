import { MaskedBytes } from './dump/bytes.js';
import { pastedEndText, type PastedPacket } from './packet.js';

/** Payload bytes of one direction that follow one another without a gap, put together from pasted packets. */
export interface PastedRun {
  readonly data: MaskedBytes;
  /** Where each packet's payload begins in `data`, in order. */
  readonly parts: readonly { readonly start: number; readonly packet: PastedPacket }[];
  /** Names this direction, and the other one; null where the paste does not tell directions apart. */
  readonly flow: string | null;
  readonly reverse: string | null;
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
}

export interface PastedRuns {
  /** In order of their first byte. */
  readonly runs: readonly PastedRun[];
  /** Numbers of packets that repeat bytes which packets before them brought. */
  readonly repeated: ReadonlySet<number>;
}

interface OpenRun {
  readonly pieces: MaskedBytes[];
  readonly parts: { start: number; packet: PastedPacket }[];
  length: number;
  flow: string | null;
  reverse: string | null;
  /** Sequence number behind the last byte; null if it is not known or bytes are missing there. */
  next: number | null;
  side: 0 | 1 | null;
}

/**
 * Joins payloads of one direction where their sequence numbers (or the dump's own offsets) follow one another. A packet
 * that brings no new byte (a retransmission, or the second copy of an `any` capture) is left out.
 */
export function pastedRuns(packets: readonly PastedPacket[]): PastedRuns {
  const runs: OpenRun[] = [];
  const repeated = new Set<number>();
  const last = new Map<string, OpenRun>();
  for (const pasted of packets) {
    const length = pasted.end - pasted.start;
    if (length === 0) continue;
    const [flow, reverse] = flowNames(pasted);
    const run = flow === null ? undefined : last.get(flow);
    const sequence = pasted.sequence;
    let skip = 0;
    let joins = false;
    if (run !== undefined) {
      if (pasted.packet.side !== null) joins = true;
      else if (sequence !== null && run.next !== null) {
        skip = (run.next - sequence) | 0;
        if (skip >= length && skip <= run.length) {
          repeated.add(pasted.number);
          continue;
        }
        joins = skip >= 0 && skip < length;
      }
    }
    const data = pasted.packet.data.slice(pasted.start + (joins ? skip : 0), pasted.end);
    const target = joins
      ? run!
      : { pieces: [], parts: [], length: 0, flow, reverse, next: null, side: pasted.packet.side };
    if (!joins) {
      runs.push(target);
      if (flow !== null) last.set(flow, target);
    }
    // The offset of the first new byte is what counts: the part begins `skip` bytes behind the packet's payload.
    target.parts.push({
      start: target.length,
      packet: joins && skip > 0 ? { ...pasted, start: pasted.start + skip } : pasted,
    });
    target.pieces.push(data);
    target.length += data.length;
    const whole = pasted.wireLength === null || pasted.wireLength <= length;
    target.next = sequence !== null && whole ? (sequence + length) >>> 0 : null;
  }
  const closed = runs.map(({ pieces, parts, flow, reverse }) => {
    const { source, destination } = parts[0]!.packet;
    return {
      data: MaskedBytes.concat(pieces),
      parts,
      flow,
      reverse,
      sourcePort: source.port,
      destinationPort: destination.port,
    };
  });
  return { runs: closed, repeated };
}

function flowNames({ source, destination, packet }: PastedPacket): readonly [string | null, string | null] {
  if (packet.side !== null) return [`side ${packet.side}`, `side ${1 - packet.side}`];
  if (source.port === null || destination.port === null) return [null, null];
  const from = pastedEndText(source)!;
  const to = pastedEndText(destination)!;
  return [`${from} > ${to}`, `${to} > ${from}`];
}

/** Where a byte of a run stands in the paste: its packet, and its offset as that dump counts. */
export function placeInPaste(run: PastedRun, index: number): { packet: PastedPacket; offset: number } {
  let low = 0;
  let high = run.parts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (run.parts[middle]!.start <= index) low = middle;
    else high = middle - 1;
  }
  const { start, packet } = run.parts[low]!;
  return { packet, offset: (packet.packet.offset ?? 0) + packet.start + index - start };
}
