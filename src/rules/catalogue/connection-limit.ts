import { type ClientConnection, makeRoom } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { seconds } from '../../observations/seconds.js';
import { duration, listing, plural } from '../../observations/words.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { endedByServer } from '../support/ending.js';

/** Connections of one host that one server turned away. */
interface Turned {
  readonly server: string;
  readonly ip: string;
  client: string;
  /** Those after which a connection that the host held there was answered; when the others were closed. */
  count: number;
  waiting: number[];
  witness: ClientConnection;
  /** Of those, how many had sent their connect request by then. */
  asked: number;
  readonly first: { readonly opened: Moment; readonly closed: Moment };
  last: Moment;
  readonly frames: number[];
  /** The fewest and the most connections with a session that the host held there meanwhile. */
  least: number;
  most: number;
}

/**
 * Hosts at a server, as connection-limit knows them.
 * @bound of them
 */
const MAX = 4096;
const FRAMES = 20;
/** Attempts of which it is not known yet whether the server served anybody after them. */
const WAITING = 256;
/** Sessions of a host, the latest, among which those are looked for that it holds. */
const LOOKED_AT = 128;
/** A server that is at its limit closes as soon as it has accepted (nanoseconds). */
const AT_ONCE = 1e9;
/** Attempts that are no farther apart belong together. */
const APART = 60e9;
/** Tried so near the end of the capture, it goes on. */
const STILL = 10e9;

export const connectionLimit = defineRule({
  meta: {
    name: 'connection-limit',
    summary: 'A server closes new connections of a host at once, and goes on serving those that the host holds',
    documentation: {
      meaning:
        'A server takes no more than maxClientCnxns connections of one address (60 unless set), and no more than maxCnxns in all. Beyond that it accepts a connection and closes it without a word; its log says "Too many connections from". The client tries again and again, and has no session in the meantime: an error where it goes on until the end of the capture. Clients that were never closed, a client for every request, and many pods behind one address get there.',
      proof:
        'Connections that the server closes within a second, without one byte, while other connections of the same host to that server are open, have a session, and are answered afterwards.',
      lookalikes:
        'A server that is starting or has no quorum closes everybody’s connections (quorum-lost), those with a session first; a client that has seen newer changes than the server (server-behind-client); strangers and health checks, which are closed for what they send, or close themselves; a refused SYN (connect-refused).',
      remedy:
        'Look for clients on that host that were never closed (duplicate-sessions, connection-churn) and share one client in a process. Where many clients stand behind one address on purpose, raise maxClientCnxns at the servers.',
    },
    options: {
      attempts: {
        type: 'number',
        default: 5,
        min: 2,
        unit: 'connections',
        description: 'How many of one host have to be turned away',
      },
    },
  },
  create({ model, options, report }) {
    const turned = new Map<string, Turned>();

    function turnedAway(connection: ClientConnection): void {
      const { tcp, handshake, server, host } = connection;
      if (tcp.midStream || connection.gaps > 0 || connection.responses > 0 || tcp.toClient.delivered > 0) return;
      // Strangers are turned away for what they say; and so is who has seen more than the server.
      if (handshake?.request == null ? tcp.toServer.delivered > 0 : (handshake.lastZxidSeen ?? 0) > server.zxid) return;
      const closed = endedByServer(connection);
      if (closed === null || closed.time - tcp.start.time > AT_ONCE) return;
      const held = host.latestSessions(LOOKED_AT).filter((s) => s.connected && s.current?.server === server);
      const holds = held.length;
      if (holds === 0) return;
      const witness = held.map((s) => s.current!).reduce((a, b) => (b.lastAnswerTime > a.lastAnswerTime ? b : a));
      const key = `${server.address} ${host.ip}`;
      let known = turned.get(key);
      if (known === undefined || closed.time - known.last.time > APART) {
        makeRoom(turned, MAX);
        const first = { opened: tcp.start, closed };
        const none = { count: 0, waiting: [], witness, asked: 0, frames: [], least: holds, most: holds };
        known = { server: server.address, ip: host.ip, client: connection.client, first, last: closed, ...none };
        turned.set(key, known);
      }
      known.client = connection.client;
      confirm(known);
      if (known.waiting.length < WAITING) known.waiting.push(closed.time);
      known.witness = witness;
      if (handshake?.request != null) known.asked++;
      known.last = closed;
      if (known.frames.length < FRAMES) known.frames.push(closed.frame);
      known.least = Math.min(known.least, holds);
      known.most = Math.max(known.most, holds);
    }

    /** One that the host holds was answered after these attempts: the server was there, and served. */
    function confirm(known: Turned): void {
      const left = known.waiting.filter((time) => time >= known.witness.lastAnswerTime);
      known.count += known.waiting.length - left.length;
      known.waiting = left;
    }

    return {
      withoutPings: true,
      connectionClosed(connection) {
        if (!connection.established) turnedAway(connection);
      },
      end() {
        for (const known of turned.values()) confirm(known);
        const found = [...turned.values()].filter(({ count }) => count >= options.attempts);
        for (const group of incidents(
          found,
          ({ ip }) => ip,
          ({ first }) => first.opened.time,
        ))
          tell(group);
      },
    };

    function tell(group: readonly Turned[]): void {
      const { ip, first } = group[0]!;
      const count = group.reduce((sum, one) => sum + one.count, 0);
      const last = group.reduce((a, b) => (b.last.time > a.last.time ? b : a));
      const still = model.lastTime - last.last.time < STILL;
      const holds = group.map(({ least, most }) => (least === most ? `${most}` : `${least} to ${most}`));
      const servers = group.map(({ server }) => server);
      const entries = group.map((one): Affected => ({
        client: one.client,
        session: null,
        frames: one.frames,
        server: one.server,
        closed: one.count,
        held: one.most,
      }));
      const even = group.every(({ least, most }) => least === most);
      report({
        severity: still ? 'error' : 'warning',
        confidence: even ? 'proven' : 'likely',
        title: `${listing(servers, 2)} ${servers.length === 1 ? 'takes' : 'take'} no more connections of ${ip}`,
        message: `${listing(servers)} closed ${plural(count, 'connection')} of ${ip} at once and without a byte in ${duration(last.last.time - first.opened.time)}${still ? ', until the end' : ''}, and went on serving the ${listing(holds)} that it held there: the limit of connections of one address (maxClientCnxns), or of all (maxCnxns), is reached.`,
        remedy:
          'Look on that host for clients that were never closed, and share one in each process; where many stand behind one address on purpose, raise maxClientCnxns at the servers.',
        ...subject(entries),
        ...(servers.length === 1 ? { server: servers[0]! } : {}),
        client: ip,
        from: first.opened.time,
        to: last.last.time,
        unrepaired: still ? `${ip} gets no more connections` : undefined,
        evidence: [
          { ...first.opened, text: `SYN of ${ip} to ${group[0]!.server}` },
          { ...first.closed, text: 'the server closes, without a byte' },
          ...(count > 1 ? [{ ...last.last, text: `the last of ${count} that it closes so` }] : []),
        ],
        data: {
          closed: count,
          withConnectRequest: group.reduce((sum, one) => sum + one.asked, 0),
          held: Math.max(...group.map(({ most }) => most)),
          seconds: seconds(last.last.time - first.opened.time),
          servers,
          ...affectedData(entries),
        },
      });
    }
  },
});
