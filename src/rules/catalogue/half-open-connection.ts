import type { ClientConnection } from '../../model/index.js';
import type { Confidence, Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { count, duration, seconds } from '../support/text.js';

interface HalfOpen {
  readonly connection: ClientConnection;
  /** Latest thing of the client that the server took, and when it was known to be gone. */
  readonly heard: { readonly frame: number; readonly time: number };
  readonly evidence: Evidence;
  readonly to: number;
  readonly repeats: number;
  readonly gone: 'client' | 'server';
  readonly confidence: Confidence;
}

const MAX = 10_000;

export const halfOpenConnection = defineRule({
  meta: {
    name: 'half-open-connection',
    summary: 'One side of a connection is gone without FIN or RST',
    documentation: {
      meaning:
        'A host lost power or network, or a firewall forgot the connection: one side no longer answers, the other goes on believing in it. The server keeps the session, its ephemerals and its watches until the timeout; the client waits just as long before it tries another server.',
      proof:
        'The client falls silent for longer than half its session timeout, the server then closes with FIN and repeats it without an ACK. Or the client repeats its pings and no ACK comes.',
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
  create({ model, options, report }) {
    const candidates: ClientConnection[] = [];

    function judge(connection: ClientConnection): HalfOpen | null {
      const { tcp } = connection;
      const { toServer, toClient } = tcp;
      const session = connection.session;
      if (session === null || connection.lastResponseTime < 0) return null;
      const timeout = session.timeoutNs(4e9);
      const heard = lastHeard(connection);
      const fin = toClient.fin;
      // A client that was cut off may answer after all, much too late.
      const late = toServer.fin === null || (fin !== null && toServer.fin.time - fin.time > 1e9);
      if (fin !== null && late && toClient.finRepeats >= options.repeats) {
        if (fin.time - heard.time < timeout / 2) return null;
        return {
          connection,
          heard,
          evidence: {
            frame: fin.frame,
            time: fin.time,
            text: `the server closes (FIN) and repeats it ${count(toClient.finRepeats, 'time')} without an ACK`,
          },
          to: fin.time,
          repeats: toClient.finRepeats,
          gone: 'client',
          confidence: connection.gaps === 0 ? 'proven' : toClient.finRepeats > options.repeats ? 'likely' : 'possible',
        };
      }
      const repeated = toServer.firstUnackedRetransmission;
      if (
        repeated !== null &&
        toServer.unackedRetransmissions > options.repeats &&
        fin === null &&
        toClient.rst === null
      ) {
        const end = toServer.last ?? repeated;
        if (end.time - connection.lastResponseTime < timeout / 2) return null;
        return {
          connection,
          heard: { frame: connection.lastResponseFrame, time: connection.lastResponseTime },
          evidence: {
            ...repeated,
            text: `the client repeats a segment ${count(toServer.unackedRetransmissions, 'time')} without an ACK`,
          },
          to: end.time,
          repeats: toServer.unackedRetransmissions,
          gone: 'server',
          confidence: connection.gaps > 0 ? 'possible' : 'likely',
        };
      }
      return null;
    }

    function suspect(connection: ClientConnection): void {
      const { toServer, toClient } = connection.tcp;
      // Repetitions may still come: judged at the end.
      const open =
        (toClient.fin !== null && (!toClient.finAcked || toClient.finRepeats > 0)) ||
        toServer.unackedRetransmissions > 0;
      const orderly = toServer.fin !== null && (toClient.fin === null || toServer.fin.time <= toClient.fin.time);
      if (open && (!orderly || toServer.unackedRetransmissions > 0) && candidates.length < MAX)
        candidates.push(connection);
    }

    return {
      connectionClosed: suspect,
      end() {
        for (const connection of model.connections.values()) suspect(connection);
        const found = candidates.map(judge).filter((h) => h !== null);
        for (const group of incidents(
          found,
          (h) => `${h.gone} ${h.confidence}`,
          (h) => h.heard.time,
          10e9,
        )) {
          const first = group[0]!;
          const entries = group.map((h): Affected => ({
            client: h.connection.client,
            session: h.connection.session?.id ?? null,
            frames: [h.heard.frame, h.evidence.frame],
            server: h.connection.server.address,
            silentFor: seconds(h.to - h.heard.time),
            repeats: h.repeats,
          }));
          const hosts = new Set(
            group.map((h) => (h.gone === 'client' ? h.connection.host.ip : h.connection.server.address)),
          );
          const who =
            hosts.size === 1 ? [...hosts][0]! : `${hosts.size} ${first.gone === 'client' ? 'clients' : 'servers'}`;
          const servers = new Set(group.map((h) => h.connection.server.address));
          report({
            severity: first.confidence === 'possible' ? 'info' : 'warning',
            confidence: first.confidence,
            title: group.length === 1 ? 'Half-open connection' : `${group.length} half-open connections`,
            message:
              first.gone === 'client'
                ? `${who} fell silent without FIN or RST; the server closed ${group.length === 1 ? 'the connection' : count(group.length, 'connection')} ${duration(first.to - first.heard.time)} later and got no answer to its FIN.`
                : `${who} no longer acknowledge${hosts.size === 1 ? 's' : ''} what ${count(group.length, 'client')} sent${group.length === 1 ? ` (${first.connection.client})` : ''}, and sent neither FIN nor RST for ${duration(first.to - first.heard.time)}.`,
            remedy:
              first.gone === 'client'
                ? 'Find out what happened to the client host or its network then (power, link, firewall rule, suspended machine).'
                : 'Find out what happened to the way to the server then: its host, a firewall, a NAT that dropped the connection.',
            ...subject(entries),
            ...(group.length === 1 ? { connection: first.connection.id } : {}),
            ...(servers.size === 1 ? { server: first.connection.server.address } : {}),
            from: first.heard.time,
            to: Math.max(...group.map((h) => h.to)),
            evidence: [
              { frame: first.heard.frame, time: first.heard.time, text: `latest sign of life of the ${first.gone}` },
              first.evidence,
            ],
            data: { gone: first.gone, connections: group.length, ...affectedData(entries) },
          });
        }
      },
    };
  },
});

/**
 * Latest sign of life of the client that the server took: a request that it acknowledged. Answers of the server prove a
 * request before them; notifications do not, which is why the answer's time is not enough.
 */
function lastHeard(connection: ClientConnection): { frame: number; time: number } {
  const oldest = connection.outstanding.oldest;
  const taken = oldest === null || connection.tcp.toServer.acked >= oldest.streamEnd;
  const fin = connection.tcp.toClient.fin;
  if (taken && (fin === null || connection.lastRequestTime < fin.time)) {
    return { frame: connection.lastRequestFrame, time: connection.lastRequestTime };
  }
  // The request before the oldest that waits was answered: just before that.
  return { frame: connection.lastResponseFrame, time: connection.lastResponseTime };
}
