import { duration, listing, plural } from '../../observations/words.js';
import type { LatencyParts } from '../../observations/inputs.js';
import type { ClientConnection } from '../../model/index.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { Proposal } from '../../protocols/quorum/zab/proposals.js';
import type { DataValue, Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject, affectedOf } from '../support/affected.js';
import { WRITES } from '../support/operations.js';
import { proposalData, proposalText } from '../support/quorum.js';
import { seconds } from '../../observations/seconds.js';
import { leaderElection } from './leader-election.js';
import { headOfLine } from './head-of-line.js';
import { serverStall } from './server-stall.js';
import { slowQuorumAck } from './slow-quorum-ack.js';

interface Slow {
  /** Where its time went, if both ends of the connection were captured. */
  readonly parts: LatencyParts | null;
  readonly opcode: number;
  readonly op: string;
  readonly path: string | null;
  readonly server: string;
  readonly latency: number;
  readonly requestFrame: number;
  readonly requestTime: number;
  readonly frame: number;
  readonly time: number;
  readonly connection: ClientConnection;
  readonly entry: Affected;
  /** What the write became among the servers, where the capture has it. */
  readonly proposal: Proposal | null;
}

/**
 * Slow requests, as slow-request keeps them.
 * @bound of them
 */
const MAX = 10_000;
const HUGE = 256 * 1024;

export const slowRequest = defineRule({
  meta: {
    name: 'slow-request',
    summary: 'Answers take far longer than usual, in one stretch of time',
    documentation: {
      meaning:
        'Requests waited many times longer than the operation usually takes. If writes on all servers stall at once while reads and pings go on, the leader (its disk, its garbage collection) or an election is the cause; if everything on one server is slow, that server is.',
      proof: 'Request and answer, and the median of the same operation in the capture.',
      lookalikes:
        'sync; a request queued behind a huge answer; a huge answer itself; a request whose answer lies behind a gap of the capture; the handshake.',
      remedy:
        'Look at the leader at that time: fsync warnings in its log, garbage collection, a disk that others use as well. Put the transaction log on a disk of its own.',
    },
    options: {
      latency: { type: 'number', default: 0.5, unit: 'seconds', description: 'Least latency of a slow request' },
      factor: {
        type: 'number',
        default: 20,
        min: 1,
        unit: 'times',
        description: 'How many times the median of the operation it must be',
      },
      requests: {
        type: 'number',
        default: 2,
        min: 1,
        unit: 'requests',
        description: 'Slow requests in one stretch that make a warning',
      },
    },
  },
  causes: [serverStall, slowQuorumAck, leaderElection, headOfLine],
  create({ model, options, report, findingsOf, notKept }) {
    const slow: Slow[] = [];
    let huge: WeakMap<ClientConnection, number> | null = null;
    let more = 0;

    return {
      responsesWanted: { latency: options.latency * 1e9, length: HUGE },
      response(m, connection) {
        if (m.length >= HUGE) (huge ??= new WeakMap()).set(connection, m.time);
        if (m.latency === null || m.latency < options.latency * 1e9) return;
        const request = m.request;
        if (request === null || request.op === 'connect' || request.opcode === OpCode.sync || m.length >= HUGE) return;
        // Which of several pings was answered is a guess, where an answer may be missing.
        if (request.xid < 0 && sameXid(connection, request.xid)) return;
        const largeAt = huge?.get(connection);
        if (largeAt !== undefined && largeAt >= request.time) return;
        if (connection.lastGap !== null && connection.lastGap.time >= request.time) return;
        if (slow.length >= MAX) {
          more++;
          notKept();
          return;
        }
        slow.push({
          proposal: m.session === null ? null : model.quorum.proposalOf(m.session, request.xid),
          opcode: request.opcode,
          op: request.op,
          path: request.path,
          server: connection.server.address,
          latency: m.latency,
          parts: m.parts ?? null,
          requestFrame: request.frame,
          requestTime: request.time,
          frame: m.frame,
          time: m.time,
          connection,
          entry: {
            client: connection.client,
            session: connection.session?.id ?? null,
            ...(request.path === null ? {} : { path: request.path }),
            frames: [request.frame, m.frame],
            op: request.op,
            server: connection.server.address,
            latency: seconds(m.latency),
          },
        });
      },
      end() {
        const outliers = slow.filter((s) => {
          if (s.opcode === OpCode.ping && (s.connection.gaps > 0 || s.connection.tcp.midStream)) return false;
          const usual = model.operations.find(s.opcode)?.latency.percentile(0.5) ?? 0;
          return s.latency >= usual * options.factor;
        });
        for (const group of incidents(
          outliers,
          () => '',
          (s) => s.requestTime,
          10e9,
        ))
          tell(group);
      },
    };

    function tell(group: readonly Slow[]): void {
      const slowest = group.reduce((a, b) => (b.latency > a.latency ? b : a));
      const entries = group.map((s) => s.entry);
      const servers = [...new Set(group.map((s) => s.server))];
      const ops = [...new Set(group.map((s) => s.op))];
      const from = Math.min(...group.map((s) => s.requestTime));
      const to = Math.max(...group.map((s) => s.time));
      const usual = model.operations.find(slowest.opcode)?.latency.percentile(0.5) ?? 0;
      const writes = group.every((s) => WRITES.has(s.opcode));
      const everywhere = servers.length > 1 && writes;
      const meanwhile = (f: Finding): boolean => f.from < to && f.to > from;
      const cause =
        (writes ? findingsOf(leaderElection, slowQuorumAck) : []).find((f) => meanwhile(f) && f.severity !== 'info') ??
        findingsOf(serverStall).find((f) => meanwhile(f) && (writes || servers.includes(f.server ?? ''))) ??
        // Nothing but what waited behind another request of its session.
        findingsOf(headOfLine).find(
          (f) => meanwhile(f) && entries.every((e) => affectedOf(f).some(({ client }) => client === e.client)),
        );
      const evidence: Evidence[] = [
        {
          frame: slowest.requestFrame,
          time: slowest.requestTime,
          text: `${slowest.op}${slowest.path === null ? '' : ` of ${slowest.path}`}`,
        },
        { frame: slowest.frame, time: slowest.time, text: `its answer, ${duration(slowest.latency)} later` },
      ];
      const { proposal } = slowest;
      if (proposal?.committed != null) {
        evidence.push({ ...proposal.committed, text: `the COMMIT that it waited for: ${proposalText(proposal)}` });
        evidence.sort((a, b) => a.frame - b.frame);
      }
      const byOp: Record<string, DataValue> = {};
      for (const op of ops) byOp[op] = group.filter((s) => s.op === op).length;
      report({
        severity: group.length >= options.requests ? 'warning' : 'info',
        confidence: group.some((s) => s.connection.gaps > 0) ? 'likely' : 'proven',
        title: everywhere ? 'Writes stall on several servers' : 'Slow requests',
        message: `${plural(group.length, `${listing(ops)} request`)} on ${listing(servers)} took up to ${duration(slowest.latency)}, where the median is ${duration(usual)}${everywhere ? `; only writes, on several servers at once${cause === undefined ? ': the leader is the likely cause' : ''}` : ''}${cause === undefined ? '' : ` (${cause.title})`}.${partsText(slowest)}`,
        remedy: wayIsLonger(slowest)
          ? 'Look at the way between client and server, not at the server: loss (network-loss), queues, a slow link; and at the client, which may have been too busy to send or to read.'
          : writes
            ? 'Look at the leader at that time: fsync warnings in its log, garbage collection pauses, a stopped process, a busy disk.'
            : 'Look at that server at that time: garbage collection, processor, disk; and at requests of other clients that are heavy.',
        ...subject(entries),
        ...(servers.length === 1 ? { server: servers[0]! } : {}),
        from,
        to,
        evidence,
        cause,
        data: {
          requests: group.length,
          byOp,
          servers,
          slowest: seconds(slowest.latency),
          median: seconds(usual),
          writesOnly: writes,
          ...(slowest.parts === null ? {} : { slowestParts: partsData(slowest.parts) }),
          ...(proposal === null ? {} : { proposal: proposalData(proposal) }),
          ...(more > 0 ? { notListed: more } : {}),
          ...affectedData(entries),
        },
      });
    }
  },
});

/** Where the slowest one's time went. */
function partsText({ parts, latency }: Slow): string {
  if (parts === null) return '';
  const [there, server, back] = [parts.wayThere, parts.inServer, parts.wayBack].map((part) =>
    duration(Math.max(0, part)),
  );
  return ` Of these ${duration(latency)} it was ${server!} in the server; the request was on its way for ${there!}, the answer for ${back!}.`;
}

/** The time of the slowest one was spent outside the server, most of it. */
function wayIsLonger({ parts, latency }: Slow): boolean {
  return parts !== null && parts.inServer * 2 < latency;
}

function partsData({ wayThere, inServer, wayBack }: LatencyParts): DataValue {
  return { wayThere: seconds(wayThere), inServer: seconds(inServer), wayBack: seconds(wayBack) };
}

function sameXid(connection: ClientConnection, xid: number): boolean {
  for (const request of connection.outstanding) if (request.xid === xid) return true;
  return false;
}
