import { duration, listing, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import type { Confidence, Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { seconds } from '../../observations/seconds.js';

interface HalfOpen {
  readonly connection: ClientConnection;
  /** Latest thing of the client that the server took, and when it was known to be gone. */
  readonly heard: Moment;
  /** What the capture holds of the client after that, null for nothing: it lives, and the server does not hear it. */
  readonly seen: Moment | null;
  readonly evidence: Evidence;
  readonly to: number;
  readonly repeats: number;
  readonly gone: 'client' | 'server';
  readonly confidence: Confidence;
}

/**
 * Connections that were cut, as half-open-connection keeps them.
 * @bound of them
 */
const MAX = 10_000;

export const halfOpenConnection = defineRule({
  meta: {
    name: 'half-open-connection',
    summary: 'One side of a connection is gone without FIN or RST',
    documentation: {
      meaning:
        'A host lost power or network, or a firewall forgot the connection: one side no longer answers, the other goes on believing in it. The server keeps the session, its ephemerals and its watches until the timeout; the client waits just as long before it tries another server.',
      proof:
        'The client falls silent for longer than half its session timeout, and the server repeats its FIN, or a notification, without an ACK. Or the client repeats its pings and no ACK comes. What was seen from whom after the cut says on which side of the capture the packets die.',
      lookalikes:
        'An idle session between two pings; a paused server, which acknowledges at TCP level (server-stall); a connection of which FIN or RST of the silent side was seen.',
      remedy:
        'Find out what happened to the host or the way to it at that time. If it happens to idle connections, a firewall or NAT drops them: ping more often than its idle timeout (a shorter session timeout does that).',
    },
    options: {
      repeats: {
        type: 'number',
        default: 2,
        min: 1,
        unit: 'segments',
        description: 'Unacknowledged repetitions that make a finding',
      },
    },
  },
  create({ model, options, report, notKept }) {
    const candidates: ClientConnection[] = [];

    function judge(connection: ClientConnection): HalfOpen | null {
      const { tcp } = connection;
      const { toServer, toClient } = tcp;
      const session = connection.session;
      if (session === null || connection.lastResponseTime < 0) return null;
      const timeout = session.timeoutNs(4e9);
      const heard = lastHeard(connection);
      // Nothing that the server took was captured: since when the client is silent is unknown.
      if (heard.frame === 0) return unheardServer(connection, timeout);
      const fin = toClient.fin;
      // A client that was cut off may answer after all, much too late; or its own FIN gets no ACK either.
      const own = toServer.fin;
      const late = own === null || (fin !== null && own.time - fin.time > 1e9) || !toServer.finAcked;
      if (fin !== null && late && toClient.finRepeats >= options.repeats) {
        if (fin.time - heard.time < timeout / 2) return null;
        const repeats = toClient.finRepeats;
        return {
          connection,
          heard,
          seen: seenOfClient(connection, fin.time),
          evidence: { ...fin, text: `the server closes (FIN) and repeats it ${plural(repeats, 'time')}` },
          to: fin.time,
          repeats,
          gone: 'client',
          confidence: connection.gaps === 0 ? 'proven' : repeats > options.repeats ? 'likely' : 'possible',
        };
      }
      return unheardServer(connection, timeout) ?? unheardClient(connection, heard, timeout);
    }

    /** The client repeats what it sent, and the server acknowledges nothing. */
    function unheardServer(connection: ClientConnection, timeout: number): HalfOpen | null {
      const { toServer, toClient } = connection.tcp;
      const repeated = toServer.firstUnackedRetransmission;
      const repeats = toServer.unackedRetransmissions;
      if (repeated === null || repeats <= options.repeats || toClient.fin !== null || toClient.rst !== null)
        return null;
      const end = toServer.last ?? repeated;
      if (end.time - connection.lastResponseTime < timeout / 2) return null;
      return {
        connection,
        heard: { frame: connection.lastResponseFrame, time: connection.lastResponseTime },
        seen: null,
        evidence: { ...repeated, text: `the client repeats a segment ${plural(repeats, 'time')} without an ACK` },
        to: end.time,
        repeats,
        gone: 'server',
        confidence: connection.gaps > 0 ? 'possible' : 'likely',
      };
    }

    /** The server repeats data (a notification, an answer), and the client acknowledges nothing. */
    function unheardClient(connection: ClientConnection, heard: Moment, timeout: number): HalfOpen | null {
      const { toServer, toClient } = connection.tcp;
      const repeated = toClient.firstUnackedRetransmission;
      const repeats = toClient.unackedRetransmissions;
      if (repeated === null || repeats <= options.repeats || toServer.fin !== null || toServer.rst !== null)
        return null;
      const end = toClient.fin ?? toClient.rst ?? toClient.last ?? repeated;
      if (end.time - heard.time < timeout / 2) return null;
      return {
        connection,
        heard,
        seen: seenOfClient(connection, end.time),
        evidence: { ...repeated, text: `the server repeats a segment ${plural(repeats, 'time')} without an ACK` },
        to: end.time,
        repeats,
        gone: 'client',
        confidence: connection.gaps > 0 ? 'possible' : 'proven',
      };
    }

    function suspect(connection: ClientConnection): void {
      const { toServer, toClient } = connection.tcp;
      // Repetitions may still come: judged at the end.
      const open =
        (toClient.fin !== null && (!toClient.finAcked || toClient.finRepeats > 0)) ||
        toServer.unackedRetransmissions > 0 ||
        toClient.unackedRetransmissions > options.repeats;
      const orderly = toServer.fin !== null && (toClient.fin === null || toServer.fin.time <= toClient.fin.time);
      if (!open || (orderly && toServer.unackedRetransmissions === 0)) return;
      if (candidates.length < MAX) candidates.push(connection);
      else notKept();
    }

    return {
      connectionClosed: suspect,
      end() {
        const before = candidates.length;
        for (const connection of model.connections.values()) suspect(connection);
        const found = candidates.map(judge).filter((h) => h !== null);
        const side = (h: HalfOpen): string => `${h.gone} ${h.seen === null} ${h.confidence === 'possible'}`;
        for (const group of incidents(found, side, (h) => h.heard.time, 10e9)) report(finding(group));
        // Those that are open are looked at again.
        candidates.length = before;
      },
    };
  },
});

const LONGEST_TITLE = 60;

/** One event: the same side of the same cut. */
function finding(group: readonly HalfOpen[]): Omit<Finding, 'rule'> {
  const first = group[0]!;
  const entries = group.map((h): Affected => ({
    client: h.connection.client,
    session: h.connection.session?.id ?? null,
    frames: [h.heard.frame, h.evidence.frame],
    server: h.connection.server.address,
    silentFor: seconds(h.to - h.heard.time),
    repeats: h.repeats,
  }));
  const clients = listing([...new Set(group.map((h) => h.connection.host.ip))]);
  const servers = [...new Set(group.map((h) => h.connection.server.address))];
  const connections = plural(group.length, 'connection');
  const many = group.length > 1;
  const waited = duration(first.to - first.heard.time);
  const evidence: Evidence[] = [
    { ...first.heard, text: `latest request of ${first.connection.client} that was taken` },
  ];
  let message: string;
  let lost: string;
  if (first.gone === 'server') {
    evidence[0] = { ...first.heard, text: `latest sign of life of ${first.connection.server.address}` };
    lost = 'between the capture and the server';
    message = `${listing(servers)} no longer acknowledge${servers.length === 1 ? 's' : ''} what ${clients} sent, and sent neither FIN nor RST for ${waited}: the server is gone, or the way to it.`;
  } else if (first.seen === null) {
    lost = 'between the client and the capture';
    message = `${clients} fell silent without FIN or RST, nothing of ${many ? 'them' : 'it'} is in the capture ${silence(group)}; ${listing(servers)} gave up ${connections} ${waited} later and got no answer.`;
  } else {
    evidence.push({
      ...first.seen,
      text: `a packet of ${first.connection.client} all the same: the server does not get it`,
    });
    lost = 'between the capture and the server';
    message = `What ${clients} sent is in the capture and did not reach ${listing(servers)}: dropped between the point of capture and the server, which gave up ${connections} ${waited} later and took no ACK.`;
  }
  evidence.push(first.evidence);
  const confidence = group.some((h) => h.confidence === 'likely') ? 'likely' : first.confidence;
  return {
    severity: first.confidence === 'possible' ? 'info' : 'warning',
    confidence,
    title: titleOf(group, servers),
    message,
    remedy:
      lost === 'between the client and the capture'
        ? 'Find out what happened to the client host or its network then (power, link, firewall rule, suspended machine).'
        : 'Find out what happened to the way to the server then: its host, a firewall, a NAT that dropped the connection.',
    ...subject(entries),
    ...(many ? {} : { connection: first.connection.id }),
    ...(servers.length === 1 ? { server: servers[0]! } : {}),
    from: first.heard.time,
    to: Math.max(...group.map((h) => h.to)),
    evidence: evidence.sort((a, b) => a.frame - b.frame),
    data: { gone: first.gone, lost, connections: group.length, ...affectedData(entries) },
  };
}

/** Who was cut off from whom; by number where the addresses are many or long. */
function titleOf(group: readonly HalfOpen[], servers: readonly string[]): string {
  const hosts = [...new Set(group.map((h) => h.connection.host.ip))];
  const first = group[0]!;
  // Without a packet of it, the client itself may be gone.
  const how = first.gone === 'client' && first.seen === null ? 'gone, or cut off from' : 'cut off from';
  const clients = plural(hosts.length, 'client');
  const told = [`${listing(hosts)} ${how} ${listing(servers)}`, `${clients} ${how} ${listing(servers)}`];
  return told.find((title) => title.length < LONGEST_TITLE) ?? `${clients} ${how} ${plural(servers.length, 'server')}`;
}

/**
 * A packet of the client from the time in which the server did not hear it: a repetition that was never acknowledged, or an
 * ACK of the FIN that the server goes on repeating. Not what a client sends that was cut off and is back, much later.
 */
function seenOfClient({ tcp }: ClientConnection, until: number): Moment | null {
  const { toServer, toClient } = tcp;
  const repeated = toServer.firstUnackedRetransmission;
  if (repeated !== null && repeated.time <= until) return repeated;
  if (!toClient.finAcked || toServer.rst !== null) return null;
  // The server's RST answers it: it got there, too late.
  const own = toServer.fin ?? toServer.last;
  if (own !== null && toClient.rst !== null && toClient.rst.time >= own.time) return null;
  if (toServer.fin !== null) return toServer.finAcked ? null : toServer.fin;
  return toServer.last;
}

/** For how long nothing of the clients came: those that were heard of again on the connection are named. */
function silence(group: readonly HalfOpen[]): string {
  const hosts = new Set<string>();
  let longest = 0;
  let back = 0;
  for (const { connection, heard, evidence } of group) {
    const { fin, last } = connection.tcp.toServer;
    const sign = fin ?? last;
    if (sign === null || sign.time <= evidence.time) continue;
    back++;
    hosts.add(connection.host.ip);
    longest = Math.max(longest, sign.time - heard.time);
  }
  if (back === 0) return 'from then on';
  const time = `${group.length === 1 ? '' : 'up to '}${duration(longest)}`;
  return back === group.length ? `for ${time}` : `from then on (${listing([...hosts])}: for ${time})`;
}

/** The latest request of the client that the server took: one that it acknowledged, or answered. */
function lastHeard(connection: ClientConnection): Moment {
  const oldest = connection.outstanding.oldest;
  const taken = oldest === null || connection.tcp.toServer.acked >= oldest.streamEnd;
  const fin = connection.tcp.toClient.fin;
  if (taken && (fin === null || connection.lastRequestTime < fin.time)) {
    return { frame: connection.lastRequestFrame, time: connection.lastRequestTime };
  }
  return { frame: connection.lastTakenFrame, time: connection.lastTakenTime };
}
