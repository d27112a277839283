import type { ClientConnection, Model, ModelListener } from '../../model/index.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import { isForLeader } from './operations.js';

/** A connection that ended (or the capture did) while requests waited in vain, and the client had reason to leave. */
export interface Unanswered {
  readonly connection: ClientConnection;
  /** Oldest request that waits, its operation and how many wait. */
  readonly frame: number;
  readonly time: number;
  readonly op: string;
  readonly waiting: number;
  readonly ops: Readonly<Record<string, number>>;
  /** When the wait ended: the client left, or TCP gave up, or the capture ended. */
  readonly to: number;
  readonly toFrame: number;
  /** Time since anything came from the server. */
  readonly silence: number;
  /** TCP of the server has acknowledged the request: its host lives, the process does not answer. */
  readonly acknowledged: boolean;
  readonly lossy: boolean;
  /** The oldest that waits is for the leader to decide (a write, a sync): all behind it wait for the leader as well. */
  readonly forLeader: boolean;
}

/**
 * Requests without an answer that rules look at.
 * @bound requests
 */
const MAX = 5000;

/**
 * Collects connections on which the server fell silent for most of the session timeout with requests outstanding. Those
 * that the server itself closed are not among them, nor those whose answers may lie in a gap of the capture.
 */
export class UnansweredRequests {
  private readonly suspects: ClientConnection[] = [];

  constructor(
    private readonly model: Model,
    /** Share of the session timeout. */
    private readonly share: number,
    private readonly notKept: () => void,
  ) {}

  readonly listener: Pick<ModelListener, 'connectionClosed'> = {
    connectionClosed: (connection) => {
      const { outstanding } = connection;
      if (outstanding.size === 0 || !mayBeOne(connection)) return;
      if (outstanding.size === 1 && outstanding.oldest?.opcode === OpCode.closeSession) return;
      if (this.suspects.length < MAX) this.suspects.push(connection);
      else this.notKept();
    },
  };

  /** To be called at the end, when all acknowledgements are known. */
  collect(): readonly Unanswered[] {
    const open = [...this.model.connections.values()].filter(({ outstanding }) => outstanding.size > 0);
    return [...this.suspects, ...open]
      .map((connection) => this.judge(connection))
      .filter((unanswered) => unanswered !== null);
  }

  private judge(connection: ClientConnection): Unanswered | null {
    const { tcp, session } = connection;
    if (session === null || !mayBeOne(connection)) return null;
    const waiting = [...connection.outstanding].filter((r) => r.opcode !== OpCode.closeSession && r.op !== 'connect');
    const oldest = waiting[0];
    if (oldest === undefined) return null;
    const { toServer, toClient } = tcp;
    const left = toServer.fin ?? toServer.rst;
    const closed = toClient.fin ?? toClient.rst;
    const acknowledged = toServer.acked >= oldest.streamEnd;
    // The server closed: it was restarted, or gave the session up; then the client had gone silent, not the server.
    if (closed !== null && (left === null || closed.time <= left.time) && acknowledged) return null;
    const repeats = toServer.unackedRetransmissions;
    if (!acknowledged && repeats === 0) return null;
    const end = left ?? (acknowledged ? null : toServer.lastPayload);
    // Nothing more of the client: the rest of the connection is not in the capture, or it is no longer there.
    if (left === null && (toServer.last?.time ?? 0) - oldest.time < Math.min(1e9, session.timeoutNs(10e9) / 6))
      return null;
    const to = end?.time ?? this.model.lastTime;
    const answered = Math.max(
      connection.lastAnswerTime > oldest.time ? -1 : connection.lastAnswerTime,
      connection.lastResponseTime,
    );
    const silence = to - answered;
    const timeout = session.timeoutNs(10e9);
    if (silence < timeout * this.share || to - oldest.time < Math.min(1e9, timeout / 6)) return null;
    const ops: Record<string, number> = {};
    for (const request of waiting) ops[request.op] = (ops[request.op] ?? 0) + 1;
    return {
      connection,
      frame: oldest.frame,
      time: oldest.time,
      op: oldest.op,
      waiting: waiting.length,
      ops,
      to,
      toFrame: end?.frame ?? this.model.lastFrame,
      silence,
      acknowledged,
      lossy: connection.gaps > 0,
      forLeader: isForLeader(oldest.opcode),
    };
  }
}

/** The server said something before it fell silent, and the client did not say goodbye: then it left for reasons of its own. */
function mayBeOne({ session, lastAnswerTime, closeSession }: ClientConnection): boolean {
  return session !== null && lastAnswerTime >= 0 && closeSession === null;
}
