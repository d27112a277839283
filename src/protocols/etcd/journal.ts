import type { JournalFormat, LineClock, LineConnection, LinePlace, LineReader } from '../journal.js';
import type { LineFields } from '../lineFields.js';
import { grpcStatusCode } from '../transport/grpc/status.js';
import { EtcdMessage } from './message.js';
import { leaseId, noFields } from './records.js';

/**
 * Requests of one connection that are remembered until their answer.
 * @bound requests
 */
const MOST_WAITING = 65_536;

/** How etcd's messages travel as lines. */
export const etcdJournal: JournalFormat<EtcdMessage> = { extra, reader: (clock) => new EtcdLines(clock) };

/** `firstTime`, by which renewals are counted; `requestFirstFrame` of an answer. */
function extra(message: EtcdMessage, clock: LineClock): Record<string, unknown> {
  const { firstTime, request, time } = message;
  return {
    ...(firstTime === time ? {} : { firstTime: clock.format(firstTime) }),
    ...(request === null ? {} : { requestFirstFrame: request.firstFrame }),
  };
}

/** Pairs answers with the requests that they name. */
class EtcdLines implements LineReader {
  private readonly waiting = new Map<number, EtcdMessage[]>();

  constructor(private readonly clock: LineClock) {}

  message(line: LineFields, place: LinePlace, { id }: LineConnection): EtcdMessage | null {
    const { kind } = place;
    const transport = line.text('transport');
    if (kind === 'notification' || (transport !== 'http' && transport !== 'grpc')) return null;
    const firstTime = this.clock.parse(line.text('firstTime') ?? '') ?? place.time;
    const grpc = line.text('grpcStatus');
    const lease = line.halves('leaseHex');
    const message = new EtcdMessage(
      place.direction,
      kind,
      place.op,
      transport,
      { ...place, firstTime },
      {
        ...(line.text('method') === null ? {} : { method: line.text('method')! }),
        path: line.text('path'),
        status: line.integer('status'),
        grpcStatus: grpc === null ? null : grpcStatusCode(grpc),
        error: line.text('error'),
        length: line.integer('length'),
        request: kind === 'response' ? this.answered(line, id) : null,
        latency: line.nanoseconds('latency'),
        truncated: place.truncated,
        guessed: line.flag('guessed'),
        compressed: line.flag('compressed'),
        http2Error: line.text('http2Error'),
        fields: {
          ...noFields(),
          leaseId: lease === null ? null : leaseId(lease.hi, lease.lo),
          ttl: line.number('ttl'),
          grantedTtl: line.number('grantedTtl'),
          keys: line.number('keys'),
          key: line.text('key'),
          revision: line.number('revision'),
          raftTerm: line.number('raftTerm'),
          memberId: line.text('memberId'),
          clusterId: line.text('clusterId'),
        },
      },
    );
    if (kind === 'request') this.asked(message, id);
    return message;
  }

  private asked(message: EtcdMessage, connection: number): void {
    let list = this.waiting.get(connection);
    if (list === undefined) this.waiting.set(connection, (list = []));
    list.push(message);
    if (list.length > MOST_WAITING) list.splice(0, MOST_WAITING >>> 3);
  }

  private answered(line: LineFields, connection: number): EtcdMessage | null {
    const frame = line.integer('requestFrame');
    const firstFrame = line.integer('requestFirstFrame');
    const list = this.waiting.get(connection);
    if (frame === null || list === undefined) return null;
    const at = list.findIndex((request) => request.frame === frame && request.firstFrame === firstFrame);
    return at < 0 ? null : (list.splice(at, 1)[0] ?? null);
  }

  gap(): void {
    // Answers name their requests: nothing shifts.
  }

  closed(connection: number): void {
    this.waiting.delete(connection);
  }
}
