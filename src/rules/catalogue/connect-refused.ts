import { hostOf } from '../../observations/filterPatterns.js';
import { duration, plural } from '../../observations/words.js';
import { type ClientConnection, makeRoom } from '../../model/index.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData } from '../support/affected.js';
import { seconds } from '../../observations/seconds.js';

interface Refused {
  readonly ip: string;
  client: string;
  first: { readonly frame: number; readonly time: number };
  last: { readonly frame: number; readonly time: number };
  attempts: number;
  /** First handshake of the host after that, with whatever server. */
  back: number | null;
  readonly session: string | null;
}

interface Outage {
  readonly server: string;
  readonly from: number;
  to: number;
  readonly syn: { readonly frame: number; readonly time: number };
  readonly rst: { readonly frame: number; readonly time: number };
  attempts: number;
  readonly clients: Map<string, Refused>;
  /** Attempts of hosts that were too many to keep. */
  attemptsOfOthers: number;
}

const APART = 60e9;
/** An outage that is shorter has no length worth telling (nanoseconds). */
const SHORT = 0.1e9;
/** A leader was lost at most so long before its port refuses (nanoseconds). */
const LED = 10e9;
/**
 * Clients of one outage that are told apart.
 * @bound clients
 */
const MAX_CLIENTS = 2000;
/**
 * Clients of all of them together.
 * @bound clients
 */
const MAX_HOSTS_IN_ALL = 20_000;
/**
 * Outages of servers.
 * @bound outages
 */
const MAX_OUTAGES = 1000;
/**
 * Hosts of which connect-refused knows whether their connections were accepted, the latest.
 * @bound hosts
 */
const MAX_HOSTS = 5000;

export const connectRefused = defineRule({
  meta: {
    name: 'connect-refused',
    summary: 'Connection attempts are answered by RST: the host is up, nobody listens on the port',
    documentation: {
      meaning:
        'The ZooKeeper process is not running (or not listening) while its host is up. One finding for each server and outage. It is a warning where a client was without any server for as long as its session timeout (or 10 s), and context (info) where clients found another server, as in a rolling restart.',
      proof: 'A SYN answered by RST, with the number of attempts and the clients.',
      lookalikes:
        'A connection that is accepted, takes the connect request and is closed without an answer: a server that is starting or has no quorum. Health probes (four-letter words, a port check): a host whose accepted connections never carried a handshake has no session to lose. SYNs without any answer: connect-timeout.',
      remedy:
        'Start the server, or find out why it stopped. If all servers of the ensemble refuse at once, clients lose their sessions after their timeout: list every server in the connect string, and restart one at a time.',
    },
    options: {
      unreachable: {
        type: 'number',
        default: 10,
        unit: 'seconds',
        description:
          'A client without any server for this long (or its session timeout, if shorter) makes it a warning',
      },
    },
  },
  endsOnce: true,
  create({ model, options, report, notKept }) {
    const open = new Map<string, Outage>();
    const outages: Outage[] = [];
    let hosts = 0;
    /** By host, whether any of its accepted connections was a client's: no handshake on any is a probe. */
    const clientHosts = new Map<string, boolean>();

    function accepted(connection: ClientConnection): void {
      const { host, handshake, session, gaps, tcp } = connection;
      const client = handshake !== null || session !== null;
      // With bytes missing it may have been anything.
      if (!client && gaps > 0 && tcp.foreign === null) return;
      const known = clientHosts.get(host.ip);
      if (known === undefined) makeRoom(clientHosts, MAX_HOSTS);
      if (known !== true) clientHosts.set(host.ip, client);
    }

    function backAt({ host }: ClientConnection, time: number): void {
      for (const outage of open.values()) {
        const client = outage.clients.get(host.ip);
        if (client !== undefined && time > client.first.time && time < (client.back ?? Infinity)) client.back = time;
      }
    }

    /** Answers were seen on it: it was served from its start on, though its handshake may not have been captured. */
    function served(connection: ClientConnection): void {
      if (connection.handshake?.response == null) backAt(connection, connection.tcp.start.time);
    }

    /** Its connections were accepted, and it never asked for a session: four-letter words or bare port checks. */
    function isProbe(ip: string): boolean {
      return clientHosts.get(ip) === false && (model.hosts.get(ip)?.sessions ?? []).length === 0;
    }

    function refused(connection: ClientConnection): void {
      const { tcp, server } = connection;
      const rst = tcp.refused!;
      const syn = tcp.syn ?? tcp.start;
      let outage = open.get(server.address);
      if (outage === undefined || syn.time - outage.to > APART) {
        if (outages.length >= MAX_OUTAGES) {
          notKept();
          return;
        }
        outage = {
          server: server.address,
          from: syn.time,
          to: rst.time,
          syn,
          rst,
          attempts: 0,
          clients: new Map(),
          attemptsOfOthers: 0,
        };
        open.set(server.address, outage);
        outages.push(outage);
      }
      outage.to = Math.max(outage.to, rst.time);
      outage.attempts++;
      const { ip } = connection.host;
      let client = outage.clients.get(ip);
      if (client === undefined) {
        if (outage.clients.size >= MAX_CLIENTS || hosts >= MAX_HOSTS_IN_ALL) {
          // Once an outage: of the others nobody knows how many they are.
          if (outage.attemptsOfOthers++ === 0) notKept();
          return;
        }
        hosts++;
        const session = connection.host.sessions.findLast((s) => s.end === 'open' && s.id !== null)?.id ?? null;
        client = { ip, client: connection.client, first: syn, last: rst, attempts: 0, back: null, session };
        outage.clients.set(ip, client);
      }
      client.attempts++;
      client.last = rst;
      client.client = connection.client;
    }

    /** Whether the ensemble lost its leader with this server. */
    function wasLeader({ server, from, to }: Outage): boolean {
      return model.quorum.elections.some(
        ({ before, start }) => before?.leader.ip === hostOf(server) && start.time > from - LED && start.time < to,
      );
    }

    function titleOf(outage: Outage): string {
      const { server, from, to } = outage;
      const lasted = to - from < SHORT ? '' : ` for ${duration(to - from)}`;
      return wasLeader(outage)
        ? `The leader of the ensemble, ${server}, was gone and refused connections${lasted}`
        : `${server} refused connections${lasted}`;
    }

    /** When the host was first served again; where its handshake was not captured, by the first that was seen of it. */
    function backAgain(client: Refused): number {
      let back = client.back ?? model.lastTime;
      for (const session of model.hosts.get(client.ip)?.sessions ?? []) {
        if (session.id === null && session.start.time > client.first.time) back = Math.min(back, session.start.time);
        if (session.holes > 0 && session.lastResponseTime > client.first.time) back = Math.min(back, client.last.time);
      }
      return back;
    }

    return {
      connectionClosed(connection) {
        if (connection.tcp.refused !== null) refused(connection);
        else if (connection.tcp.synAck !== null) accepted(connection);
        if (connection.responses > 0) served(connection);
      },
      sessionAttached(_session, connection) {
        backAt(connection, connection.handshake?.response?.time ?? model.lastTime);
      },
      end() {
        for (const session of model.sessions.alive()) {
          if (session.current !== null && session.current.responses > 0) served(session.current);
        }
        for (const outage of outages) {
          const clients = [...outage.clients.values()];
          const without = clients.map((client) => backAgain(client) - client.first.time);
          const limit = (client: Refused): number => {
            const timeouts = (model.hosts.get(client.ip)?.sessions ?? []).map((s) => s.timeoutNs(Infinity));
            return Math.min(options.unreachable * 1e9, ...timeouts);
          };
          const stranded = clients.filter((client, i) => !isProbe(client.ip) && without[i]! >= limit(client)).length;
          const longest = Math.max(...without);
          const probes = clients.every((client) => isProbe(client.ip));
          const entries = clients.map((client, i): Affected => ({
            client: client.client,
            session: client.session,
            frames: [client.first.frame, client.last.frame],
            attempts: client.attempts,
            withoutServer: seconds(without[i]!),
          }));
          const evidence: Evidence[] = [
            { frame: outage.syn.frame, time: outage.syn.time, text: `SYN to ${outage.server}` },
            { frame: outage.rst.frame, time: outage.rst.time, text: 'answered by RST' },
          ];
          report({
            severity: stranded > 0 ? 'warning' : 'info',
            confidence: 'proven',
            title: titleOf(outage),
            message: `${outage.server} refused ${plural(outage.attempts, 'connection attempt')} of ${outage.attemptsOfOthers > 0 ? 'more than ' : ''}${plural(clients.length, 'client')} in ${duration(outage.to - outage.from)}${stranded > 0 ? `; ${plural(stranded, 'client')} ${stranded === 1 ? 'was' : 'were'} without any server for up to ${duration(longest)}` : probes ? '; it asks for no session (a health probe)' : '; all were connected again in time'}.`,
            remedy:
              stranded > 0
                ? 'Start the ZooKeeper process there (its log says why it stopped). Restart servers one at a time, and name all of them in the connect string.'
                : 'Nothing, if the server was restarted on purpose.',
            server: outage.server,
            ...(clients.length === 1 ? { client: clients[0]!.ip } : {}),
            from: outage.from,
            to: outage.to,
            evidence,
            data: {
              attempts: outage.attempts,
              stranded,
              longestWithoutServer: seconds(longest),
              ...(outage.attemptsOfOthers > 0 ? { attemptsOfOthers: outage.attemptsOfOthers } : {}),
              ...affectedData(entries),
            },
          });
        }
      },
    };
  },
});
