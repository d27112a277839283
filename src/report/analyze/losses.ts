import { plural } from '../../observations/words.js';
import type { CaptureInfo, Problem } from '../../observations/inputs.js';
import type { Forgotten } from '../../model/index.js';
import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import type { Acknowledgement, TcpEvent } from '../../observations/connectionFacts.js';
import type { ObservationSink } from '../../observations/observation.js';
import type { Encrypted, Gap } from '../../protocols/protocol.js';
import type { Message } from '../../protocols/registry.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { printable } from '../text/escape.js';

/**
 * Votes that may have been cut short by a reset.
 * @bound votes
 */
const MOST_VOTES = 1000;

interface Loss {
  count: number;
  bytes: number;
  firstFrame: number;
}

/** Adds up what was lost on the way from packets to messages, and says it in one line. */
export class Losses {
  private readonly byReason = new Map<Gap['reason'], Loss>();
  /** Ends of elections that no message could be made of: whether a reset cut them is known later. */
  private readonly votes: { readonly connection: ConnectionFacts; readonly bytes: number; readonly frame: number }[] =
    [];
  private readonly foreign = new Map<string, Loss>();
  private readonly encrypted = new Map<Encrypted, Loss & { connections: number; last: number }>();
  private truncated = 0;
  private firstTruncated = 0;
  messages = 0;

  message(message: Message): void {
    this.messages++;
    if (!message.truncated) return;
    if (this.truncated++ === 0) this.firstTruncated = message.frame;
  }

  gap(gap: Gap, connection: ConnectionFacts): void {
    const { reason, bytes, frame } = gap;
    const vote = reason === 'skipped' && connection.protocol === 'election' && this.votes.length < MOST_VOTES;
    if (vote) this.votes.push({ connection, bytes, frame });
    else add(this.byReason, reason, gap);
    if (gap.encrypted !== undefined) this.closed(gap.encrypted, gap, connection.id);
    if (gap.reason === 'foreign') add(this.foreign, connection.foreign ?? 'unknown', gap);
  }

  /** TLS that could not be read: told of each direction, at the end of a connection. */
  private closed(why: Encrypted, { bytes, frame }: Gap, connection: number): void {
    let loss = this.encrypted.get(why);
    if (loss === undefined) {
      loss = { count: 0, bytes: 0, firstFrame: frame, connections: 0, last: -1 };
      this.encrypted.set(why, loss);
    }
    if (loss.last !== connection) loss.connections++;
    loss.last = connection;
    loss.firstFrame = Math.min(loss.firstFrame, frame);
    loss.count++;
    loss.bytes += bytes;
  }

  /** Those of the votes that a reset cut, and all other bytes that could not be aligned. */
  private judgedVotes(skipped: Loss | undefined): [cut: Loss | null, others: Loss | null] {
    const sums = new Map<'cut' | 'others', Loss>();
    if (skipped !== undefined) sums.set('others', { ...skipped });
    for (const { connection, bytes, frame } of this.votes) {
      const { end, toServer, toClient } = connection;
      const reset = end === 'rst' || toServer.rst !== null || toClient.rst !== null;
      add(sums, reset ? 'cut' : 'others', { bytes, frame });
    }
    return [sums.get('cut') ?? null, sums.get('others') ?? null];
  }

  /**
   * What was lost and where it began; empty where nothing was.
   * @param connections of any kind that were forgotten
   * @param forgotten what the model forgot beside connections, where there is one
   */
  parts(
    captures: readonly CaptureInfo[],
    problems: readonly Problem[],
    connections: number,
    forgotten: Forgotten | null = null,
  ): string[] {
    const parts: string[] = [];
    for (const { file, problems: ofFile } of captures)
      for (const problem of ofFile) parts.push(`${printable(file)}: ${printable(problem)}`);
    const missing = this.byReason.get('missing');
    if (missing !== undefined) {
      parts.push(
        `${plural(missing.bytes, 'byte')} not captured in ${plural(missing.count, 'gap')}, the first at frame ${missing.firstFrame}`,
      );
    }
    const skipped = this.byReason.get('skipped');
    const [cut, others] = this.judgedVotes(skipped);
    if (others !== null)
      parts.push(`${plural(others.bytes, 'byte')} that could not be aligned, from frame ${others.firstFrame} on`);
    if (cut !== null)
      parts.push(
        `${plural(cut.count, 'vote')} of an election that a reset of the connection cut short (${plural(cut.bytes, 'byte')}, frame ${cut.firstFrame})`,
      );
    if (this.truncated > 0)
      parts.push(`${plural(this.truncated, 'message')} only in part, the first at frame ${this.firstTruncated}`);
    for (const [name, loss] of this.foreign) {
      parts.push(
        `${plural(loss.bytes, 'byte')} on the port that are not ZooKeeper's (${printable(name)}), at frame ${loss.firstFrame}`,
      );
    }
    for (const [why, { connections: closed, bytes, firstFrame }] of this.encrypted) {
      parts.push(
        `${plural(closed, 'TLS connection')} not decrypted (${why}; ${plural(bytes, 'byte')}, from frame ${firstFrame} on): ${HELP[why]}`,
      );
    }
    for (const { kind, count, firstFrame } of problems)
      parts.push(`${plural(count, 'packet')}: ${kind}, the first in frame ${firstFrame}`);
    const kinds = forgottenKinds(connections, forgotten);
    if (kinds.length > 0) parts.push(`${kinds.join(', ')} forgotten to bound memory`);
    return parts;
  }
}

/** Adds up what is lost on the way to another sink; every message of a capture passes it. */
export class LossesSink implements ObservationSink {
  constructor(
    private readonly losses: Losses,
    private readonly sink: ObservationSink,
  ) {}

  opened(connection: ConnectionFacts): void {
    this.sink.opened(connection);
  }

  tcp(event: TcpEvent, connection: ConnectionFacts): void {
    this.sink.tcp(event, connection);
  }

  message(message: Message, connection: ConnectionFacts): void {
    this.losses.message(message);
    this.sink.message(message, connection);
  }

  ping(message: ZooKeeperMessage, connection: ConnectionFacts): void {
    this.losses.message(message);
    this.sink.ping(message, connection);
  }

  pingAnswer(message: ZooKeeperMessage, connection: ConnectionFacts): void {
    this.losses.message(message);
    this.sink.pingAnswer(message, connection);
  }

  gap(gap: Gap, connection: ConnectionFacts): void {
    this.losses.gap(gap, connection);
    this.sink.gap(gap, connection);
  }

  acknowledged(acknowledgement: Acknowledgement, connection: ConnectionFacts): void {
    this.sink.acknowledged(acknowledgement, connection);
  }

  closed(connection: ConnectionFacts): void {
    this.sink.closed(connection);
  }
}

/** What would have helped. */
const HELP: Readonly<Record<Encrypted, string>> = {
  'no key': 'a key log of the client or the server opens them (--tls-keys)',
  'key does not fit': 'the key log is another run’s, or was damaged',
  'handshake not captured': 'begin the capture before the connections',
  'cipher not supported': 'their cipher suite is not one that zkscope can open',
};

function forgottenKinds(connections: number, forgotten: Forgotten | null): string[] {
  const kinds: string[] = [];
  const add = (count: number, one: string, many = `${one}s`, what = ''): void => {
    if (count > 0) kinds.push(`${plural(count, one, many)}${what}`);
  };
  add(connections, 'connection');
  if (forgotten === null) return kinds;
  add(forgotten.sessions, 'session', 'sessions', ' before their end');
  add(forgotten.znodes, 'znode');
  add(forgotten.views, 'path', 'paths', ' that a session had watched or read');
  add(forgotten.details, 'detail', 'details', ' of sessions');
  add(forgotten.childLists, 'list', 'lists', ' of children');
  add(forgotten.requests, 'request', 'requests', ' that waited for an answer');
  add(forgotten.cases, 'case', 'cases', ' that rules would have judged');
  return kinds;
}

function add<K>(map: Map<K, Loss>, key: K, gap: Pick<Gap, 'bytes' | 'frame'>): void {
  const loss = map.get(key);
  if (loss === undefined) map.set(key, { count: 1, bytes: gap.bytes, firstFrame: gap.frame });
  else {
    loss.count++;
    loss.bytes += gap.bytes;
  }
}

/** Why no message was found, and what to try, for a capture that was read but gave none. */
export function nothingFound(captures: readonly CaptureInfo[], connections: number): string {
  const packets = captures.reduce((sum, capture) => sum + capture.packets, 0);
  if (packets === 0) return 'the capture has no packets';
  const seen = `${plural(packets, 'packet')}, ${plural(connections, 'TCP connection')}`;
  if (connections === 0) return `no TCP in the capture (${seen})`;
  return `no ZooKeeper traffic found (${seen}); if it is on a port other than 2181 and its handshakes were not captured, name it with --port`;
}
