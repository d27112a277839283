import { duration, listing, plural } from '../../observations/words.js';
import { hostOf } from '../../observations/filterPatterns.js';
import type { ClientConnection } from '../../model/index.js';
import type { Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, affectedOf, incidents } from '../support/affected.js';
import { halfOpenConnection } from './half-open-connection.js';

interface Attempt {
  readonly ip: string;
  readonly client: string;
  readonly server: string;
  readonly syns: number;
  readonly first: { readonly frame: number; readonly time: number };
  readonly last: { readonly frame: number; readonly time: number };
}

const APART = 60e9;
/** An attempt to connect so soon (nanoseconds) after a connection broke off belongs to it. */
const MEANWHILE = 15e9;
/**
 * Connections that nobody answered, as connect-timeout keeps them.
 * @bound of them
 */
const MAX = 20_000;

export const connectTimeout = defineRule({
  causes: [halfOpenConnection],
  meta: {
    name: 'connect-timeout',
    summary: 'SYNs to a server stay without any answer',
    documentation: {
      meaning:
        'The client tries to connect and hears nothing at all: a firewall drops its packets, the host is down, or the route is gone. TCP repeats the SYN; client libraries give up after a while and try from another port, or the next server.',
      proof:
        'Several SYNs of one host, repeated or from different ports, with neither SYN-ACK nor RST and no later packet of those connections.',
      lookalikes:
        'A host that drops its own packets: no SYN reaches the wire, only silence. A SYN whose answer the capture missed: then later packets of the connection exist. The last SYN of the capture. A capture that holds only what clients sent.',
      remedy:
        'Look for a firewall, security group or network policy between the two, on the way in and on the way back; see whether the server’s host answers at all. RST instead of DROP makes clients try the next server at once.',
    },
    options: {
      attempts: {
        type: 'number',
        default: 3,
        min: 1,
        unit: 'SYNs',
        description: 'Unanswered SYNs of one host that make a finding',
      },
      patience: {
        type: 'number',
        default: 1,
        unit: 'seconds',
        description: 'How long before the end of the capture a SYN must have been sent to count as unanswered',
      },
    },
  },
  endsOnce: true,
  create({ model, options, report, findingsOf, notKept }) {
    const attempts: Attempt[] = [];
    let more = 0;
    /** Any FIN or RST was captured: else those that refused may be what is missing. */
    let ends = false;
    const refusals = new Map<string, number>();

    function look(connection: ClientConnection): void {
      const { tcp } = connection;
      if (tcp.toServer.fin ?? tcp.toServer.rst ?? tcp.toClient.fin ?? tcp.toClient.rst) ends = true;
      if (tcp.refused !== null) {
        const server = connection.server.address;
        refusals.set(server, (refusals.get(server) ?? 0) + 1);
        return;
      }
      const { syn, toServer, toClient } = tcp;
      if (syn === null || tcp.synAck !== null || toClient.packets > 0) return;
      const last = tcp.lastSyn ?? syn;
      // Data or an ACK of the client: it did get an answer, which the capture has not. (A SYN may be captured twice.)
      if (toServer.delivered > 0 || (toServer.last?.time ?? 0) - last.time > 1e6) return;
      if (model.lastTime - last.time < options.patience * 1e9) return;
      if (attempts.length >= MAX) {
        more++;
        notKept();
        return;
      }
      attempts.push({
        ip: connection.host.ip,
        client: connection.client,
        server: connection.server.address,
        syns: tcp.synCount,
        first: syn,
        last,
      });
    }

    return {
      connectionClosed: look,
      end() {
        for (const connection of model.connections.values()) look(connection);
        // Who hears nobody answer anybody may not hear answers at all.
        if (model.direction === 'toServer') return;
        // Among attempts that were refused: the capture lost the RST.
        const perServer = new Map<string, number>();
        for (const { server } of attempts) perServer.set(server, (perServer.get(server) ?? 0) + 1);
        const unanswered = attempts.filter(({ server }) => (refusals.get(server) ?? 0) * 3 < perServer.get(server)!);
        const hosts = incidents(
          unanswered,
          (a) => a.ip,
          (a) => a.first.time,
          APART,
        ).filter((group) => group.reduce((sum, a) => sum + a.syns, 0) >= options.attempts);
        for (const outage of incidents(
          hosts,
          () => '',
          (group) => group[0]!.first.time,
          APART,
        )) {
          const all = outage.flat();
          const syns = all.reduce((sum, a) => sum + a.syns, 0);
          const servers = [...new Set(all.map((a) => a.server))];
          const entries = outage.map((group): Affected => ({
            client: group[0]!.client,
            session: null,
            frames: [group[0]!.first.frame, group.at(-1)!.last.frame],
            syns: group.reduce((sum, a) => sum + a.syns, 0),
            ports: group.length,
            servers: [...new Set(group.map((a) => a.server))],
          }));
          const first = all[0]!;
          const to = Math.max(...all.map((a) => a.last.time));
          const evidence: Evidence[] = [
            {
              frame: first.first.frame,
              time: first.first.time,
              text: `SYN from ${first.client} to ${first.server}: no answer`,
            },
          ];
          const last = all.reduce((a, b) => (b.last.time > a.last.time ? b : a));
          if (last.last.frame !== first.first.frame) {
            evidence.push({
              frame: last.last.frame,
              time: last.last.time,
              text: `the latest of ${syns} SYNs: no answer`,
            });
          }
          const who = outage.length === 1 ? first.ip : plural(outage.length, 'host');
          report({
            severity: 'warning',
            confidence: ends && (syns >= options.attempts * 2 || all.some((a) => a.syns > 1)) ? 'proven' : 'likely',
            title: 'Connection attempts without an answer',
            message: `${who} sent ${plural(syns, 'SYN')} from ${plural(all.length, 'port')} to ${listing(servers)} in ${duration(to - first.first.time)}; neither SYN-ACK nor RST came back.`,
            remedy:
              'Look for a firewall, security group or network policy that drops port 2181 between client and server, and whether the server host is up.',
            ...(outage.length === 1 ? { client: first.ip } : {}),
            ...(servers.length === 1 ? { server: servers[0]! } : {}),
            from: first.first.time,
            to,
            evidence,
            cause: cutOff(findingsOf(halfOpenConnection), new Set(outage.map((g) => g[0]!.ip)), first.first.time, to),
            data: {
              syns,
              ports: all.length,
              servers,
              ...(more > 0 ? { notCounted: more } : {}),
              ...affectedData(entries),
            },
          });
        }
      },
    };
  },
});

/** The same hosts' connections broke off at that time: it is one cut. */
function cutOff(broken: readonly Finding[], hosts: ReadonlySet<string>, from: number, to: number): Finding | undefined {
  return broken.find(
    (f) => f.from <= to && f.to + MEANWHILE >= from && affectedOf(f).some((e) => hosts.has(hostOf(e.client))),
  );
}
