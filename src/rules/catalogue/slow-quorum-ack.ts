import { duration, listing, plural } from '../../observations/words.js';
import { SLOW_WAIT, type QuorumServer, type SlowStretch } from '../../model/neighbours/quorum/index.js';
import type { Proposal } from '../../protocols/quorum/zab/proposals.js';
import type { DataValue, Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { proposalData, proposalText } from '../support/quorum.js';
import { seconds } from '../../observations/seconds.js';

/**
 * Writes of clients that are held against proposals that were late.
 * @bound writes
 */
const MOST_WRITES = 1000;
const LISTED = 50;
/** Stretches of several servers that overlap, or follow on each other so closely, are one incident. */
const APART = 2e9;

interface Slow {
  readonly server: QuorumServer;
  readonly stretch: SlowStretch;
}

/** A client's write whose answer came late, and the proposal that it waited for. */
interface Write {
  readonly frame: number;
  readonly time: number;
  readonly client: string;
  readonly session: string;
  readonly xid: number;
  readonly op: string;
  readonly path: string | null;
  readonly latency: number;
  readonly proposal: Proposal;
}

export const slowQuorumAck = defineRule({
  meta: {
    name: 'slow-quorum-ack',
    summary: 'A server acknowledges the proposals of its leader slowly, for seconds',
    documentation: {
      meaning:
        'A follower writes each proposal to its transaction log and acknowledges it when fsync has returned. For some seconds the leader waited 50 ms and more for each acknowledgement of this server. As long as a quorum of others is fast nobody else notices; with a second slow or missing server every write waits.',
      proof:
        'PROPOSAL and ACK on the quorum port: the time in which at least one proposal waited for this server and no acknowledgement came. It does not grow with the number of proposals in flight, as a server logs together what has come. Client writes are named with the proposal that they became (same session and xid).',
      lookalikes:
        'A bulk load: acknowledgements come in large batches and the latency of each proposal is mostly queue; a server counts only if its batches are small, or if a peer with the same proposals was four times faster. A pause of the process: PINGs are answered late as well, and the text says so. A slow disk of the leader itself is not seen on the wire.',
      remedy:
        'Look at the disk under dataLogDir of this server at that time (fsync warnings in its log: “fsync-ing the write ahead log”), at what shares it, and at the process (garbage collection) if PINGs were late as well. The transaction log wants a device of its own.',
    },
    options: {
      total: {
        type: 'number',
        default: 3,
        unit: 'seconds',
        description:
          'How long in all the leader must have waited for slow acknowledgements of one server in one stretch',
      },
    },
  },
  create({ model, options, report }) {
    const { quorum } = model;
    const writes: Write[] = [];
    let writesSeen = 0;
    return {
      withoutPings: true,
      responsesWanted: { latency: SLOW_WAIT },
      response(message, connection) {
        const { request, latency, session } = message;
        if (request === null || latency === null || session === null) return;
        const proposal = quorum.proposalOf(session, request.xid);
        if (proposal?.committed == null) return;
        // The proposal explains the wait if it took most of it.
        if (proposal.committed.time - proposal.proposed.time < latency / 2) return;
        writesSeen++;
        if (writes.length >= MOST_WRITES) return;
        const { frame, time } = message;
        const { op, path, xid } = request;
        writes.push({ frame, time, client: connection.client, session, xid, op, path, latency, proposal });
      },
      end() {
        const slow: Slow[] = [];
        for (const server of quorum.servers.all()) {
          for (const stretch of server.slow) if (stretch.waited >= options.total * 1e9) slow.push({ server, stretch });
        }
        slow.sort((a, b) => a.stretch.from.time - b.stretch.from.time);
        for (const group of overlapping(slow)) {
          const complete = writesSeen <= MOST_WRITES;
          report(describe(group, quorum.slowCommits, writes, complete));
        }
      },
    };
  },
});

function overlapping(slow: readonly Slow[]): Slow[][] {
  const groups: Slow[][] = [];
  let until = -Infinity;
  for (const item of slow) {
    if (groups.length > 0 && item.stretch.from.time <= until + APART) groups.at(-1)!.push(item);
    else groups.push([item]);
    until = Math.max(until, item.stretch.to.time);
  }
  return groups;
}

function describe(
  group: readonly Slow[],
  commits: readonly { time: number; latency: number }[],
  writes: readonly Write[],
  complete: boolean,
): Omit<Finding, 'rule'> {
  const from = group[0]!.stretch.from.time;
  const to = Math.max(...group.map(({ stretch }) => stretch.to.time));
  // Whatever was under way in this time.
  const late = commits.filter(({ time, latency }) => time >= from && time - latency <= to);
  const waiting = writes.filter(({ time, latency }) => time >= from && time - latency <= to);
  const worst = group.reduce((a, b) => (b.stretch.longest > a.stretch.longest ? b : a));
  const servers = [...new Set(group.map(({ server }) => server))];
  const names = listing(servers.map((server) => server.name));
  const paused = group.every(({ stretch }) => stretch.longestPing >= stretch.longest / 2);
  const pinged = group.every(({ stretch }) => stretch.longestPing > 0);
  const mean = (stretch: SlowStretch): number => stretch.waited / stretch.waits;
  const typical = Math.max(...group.map(({ stretch }) => mean(stretch)));
  const process = paused
    ? 'PINGs were answered as late: the process was held up, or the network to it'
    : pinged
      ? 'PINGs were answered at once: it is the log (fsync) that is slow, not the process or the network'
      : 'No PING was under way meanwhile: its log (fsync), its process or the network may have been slow';
  const effect =
    late.length === 0
      ? 'The other servers were a quorum: no commit waited for it'
      : `${plural(late.length, 'proposal')} took ${duration(SLOW_WAIT)} or more to be committed (up to ${duration(Math.max(...late.map((commit) => commit.latency)))})`;
  const clients =
    waiting.length === 0
      ? ''
      : `, and ${complete ? '' : 'at least '}${plural(waiting.length, 'write')} of clients waited for their proposal`;
  const once = group.length === 1 && group[0]!.stretch.waits === 1;
  const waits = once
    ? `The leader waited ${duration(typical)} for an acknowledgement`
    : `For ${duration(to - from)} the leader waited about ${duration(typical)} for each acknowledgement`;
  const slowest = [...waiting].sort((a, b) => b.latency - a.latency).slice(0, 3);
  const evidence: Evidence[] = [
    { ...worst.stretch.from, text: `from here on ${worst.server.name} acknowledges slowly` },
    {
      ...worst.stretch.longestEnd,
      text: `an ACK of ${worst.server.name} after ${duration(worst.stretch.longest)}, the longest wait`,
    },
    ...slowest.map((write) => ({ frame: write.frame, time: write.time, text: writeText(write) })),
    { ...worst.stretch.to, text: `the last slow acknowledgement of ${worst.server.name}` },
  ];
  return {
    severity: 'warning',
    confidence: 'proven',
    title: once
      ? `No acknowledgement of ${names} for ${duration(typical)}`
      : `Slow acknowledgements of ${names}: ${duration(typical)} each, for ${duration(to - from)}`,
    message: `${waits} of ${names}. ${process}. ${effect}${clients}.`,
    remedy: paused
      ? `Look for what stopped the process on ${servers[0]!.ip}: garbage collection, swap, a stopped virtual machine.`
      : `Look at ${pinged ? '' : 'the process and '}the disk under dataLogDir of ${servers[0]!.ip}: its own log says “fsync-ing the write ahead log … took”; give the transaction log a device of its own.`,
    ...(servers.length === 1 ? { server: servers[0]!.ip } : {}),
    from,
    to,
    evidence: evidence.sort((a, b) => a.frame - b.frame),
    data: {
      servers: group.slice(0, LISTED).map(({ server, stretch }) => ({
        server: server.id,
        ip: server.ip,
        waits: stretch.waits,
        waited: seconds(stretch.waited),
        meanWait: seconds(mean(stretch)),
        longestWait: seconds(stretch.longest),
        acknowledgements: stretch.acks,
        longestPing: seconds(stretch.longestPing),
        peersFaster: stretch.peersFaster > stretch.seconds / 2,
      })),
      lateCommits: late.length,
      longestCommit: late.length === 0 ? null : seconds(Math.max(...late.map((commit) => commit.latency))),
      clientWrites: waiting.length,
      clients: [...new Set(waiting.map((write) => write.client.replace(/:\d+$/, '')))].slice(0, LISTED),
      writes: [...waiting].slice(0, LISTED).map(writeData),
    },
  };
}

function writeText(write: Write): string {
  const path = write.path === null ? '' : ` ${write.path}`;
  return `${write.op}${path} of session ${write.session} is answered after ${duration(write.latency)}: ${proposalText(write.proposal)}`;
}

function writeData(write: Write): DataValue {
  return {
    frame: write.frame,
    client: write.client,
    session: write.session,
    xid: write.xid,
    op: write.op,
    path: write.path,
    latency: seconds(write.latency),
    ...proposalData(write.proposal),
  };
}
