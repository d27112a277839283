import { duration, numberText, plural } from '../../observations/words.js';
import { type ClientConnection, makeRoom } from '../../model/index.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { endedByServer } from '../support/ending.js';
import type { Moment } from '../../observations/connectionFacts.js';

/** A request on which the server closed the connection. */
interface Refused {
  readonly client: string;
  readonly ip: string;
  readonly session: string | null;
  readonly server: string;
  readonly op: string;
  readonly path: string | null;
  readonly length: number;
  readonly request: Moment;
  readonly end: Moment;
  readonly lossy: boolean;
  /** Sessions of others whose connections the server ended at about that time; bounded. */
  readonly others: Set<string>;
}

/** How a server ended connections lately. */
interface Endings {
  readonly times: { readonly time: number; readonly session: string }[];
  readonly refused: Refused[];
}

/** A value or a list that grows. */
interface Growing {
  readonly path: string;
  readonly op: string;
  readonly first: Moment & { readonly length: number };
  last: Moment & { length: number };
}

/**
 * Paths that grow, as oversize keeps them.
 * @bound of them
 */
const MAX = 5000;
/** Nanoseconds from the request's latest segment to the server's FIN. */
const ROUND_TRIP = 2e9;
/** Connections of others that the same server ends within this time: it goes down. */
const TOGETHER = 1e9;
/**
 * Of connections that one server ended within a second.
 * @bound sessions
 */
const MAX_TOGETHER = 256;
/**
 * Servers whose latest ends of connections are known.
 * @bound servers
 */
const MAX_SERVERS = 1024;
const APART = 600e9;
const GROWTH = 1.1;
/** Shorter requests come in one segment, or with their length in one of its own. */
const LONG = 1400;
const SET_WATCHES: ReadonlySet<string> = new Set(['setWatches', 'setWatches2']);

export const oversize = defineRule({
  meta: {
    name: 'oversize',
    summary: 'A request is longer than the server takes (jute.maxbuffer): it closes the connection',
    documentation: {
      meaning:
        'The server reads the length of the message, logs "Len error. A message from … with advertised length of N is either a malformed message or too large", and closes without reading the rest. The client sees a lost connection and often tries the same again. setWatches after a reconnect that is too long is the worst case: the session can never come back. Whether the write was applied is known: it was not.',
      proof:
        'The request with its length prefix above the limit, no answer, and the server’s FIN or RST within the round trip. With a smaller length: the same request ends the connection at least twice, and nothing longer was accepted (a lowered limit): likely.',
      lookalikes:
        'A large request that is answered; large answers (large-response); garbage on a fresh connection (foreign-traffic); a large request cut by a gap or by the end of the capture; a server that goes down: all its connections end.',
      remedy:
        'Store large values elsewhere and keep only a reference in ZooKeeper. For setWatches: fewer watches per session, or a newer client that splits them. Raising jute.maxbuffer (on all servers and clients) only moves the limit.',
    },
    options: {
      limit: {
        type: 'number',
        default: 1_048_575,
        min: 1,
        unit: 'bytes',
        description: 'jute.maxbuffer of the servers',
      },
      near: {
        type: 'number',
        default: 0.5,
        min: 0,
        max: 1,
        unit: 'share of the limit',
        description: 'Values and lists that grow beyond this are told',
      },
    },
  },
  create({ model, options, report, notKept }) {
    const near = options.limit * options.near;
    /** Longest request that was answered. */
    let accepted = 0;
    const refused: Refused[] = [];
    /** Where a request began that came in several frames. */
    const begun = new WeakMap<ZooKeeperRequest, Moment>();
    const endings = new Map<string, Endings>();
    const growing = new Map<string, Growing>();

    function grows(op: string, path: string, length: number, m: ZooKeeperMessage): void {
      const at = { frame: m.frame, time: m.time, length };
      const known = growing.get(path);
      if (known !== undefined) known.last = at;
      else if (growing.size < MAX) growing.set(path, { path, op, first: at, last: at });
      else notKept();
    }

    function whoOf(connection: ClientConnection): string {
      return connection.session?.id ?? connection.handshake?.asked ?? connection.client;
    }

    /** Notes that a server has ended a connection. */
    function ended(server: string, time: number, session: string): Endings {
      let latest = endings.get(server);
      if (latest === undefined) {
        makeRoom(endings, MAX_SERVERS);
        endings.set(server, (latest = { times: [], refused: [] }));
      }
      const { times, refused } = latest;
      while (times.length >= MAX_TOGETHER || (times[0] !== undefined && time - times[0].time >= TOGETHER))
        times.shift();
      while (refused[0] !== undefined && time - refused[0].end.time >= TOGETHER) refused.shift();
      const end = { time, session };
      times.push(end);
      for (const one of refused) together(one, end);
      return latest;
    }

    function together({ session, client, end, others }: Refused, other: Endings['times'][number]): void {
      if (other.session === (session ?? client) || Math.abs(other.time - end.time) >= TOGETHER) return;
      if (others.size < MAX_TOGETHER) others.add(other.session);
    }

    return {
      withoutPings: true,
      requestsWanted: { length: LONG },
      request(m) {
        if (m.firstFrame !== m.frame && m.request !== null)
          begun.set(m.request, { frame: m.firstFrame, time: m.firstTime });
      },
      response(m) {
        const request = m.request;
        if (request === null) return;
        if (request.length > accepted) accepted = request.length;
        if (m.err !== 0 || request.path === null) return;
        // Growth is looked at from half of what is near on: where it began has to be seen.
        if (m.length > near / 2 || request.length > near / 2) {
          if (m.length > request.length) grows(request.op, request.path, m.length, m);
          else if (request.opcode === OpCode.setData) grows(request.op, request.path, request.length, m);
        }
      },
      connectionClosed(connection) {
        const end = endedByServer(connection);
        if (end === null || connection.responses === 0) return;
        const server = connection.server.address;
        const latest = ended(server, end.time, whoOf(connection));
        if (connection.outstanding.size === 0) return;
        let longest = connection.outstanding.oldest!;
        for (const request of connection.outstanding) if (request.length > longest.length) longest = request;
        if (longest.opcode === OpCode.ping || longest.op === 'connect' || longest.op === 'fourLetterWord') return;
        // What was answered to others is not too long.
        if (longest.length <= accepted || end.time - longest.time > ROUND_TRIP) return;
        if (refused.length >= MAX) {
          notKept();
          return;
        }
        const one: Refused = {
          ...{ client: connection.client, ip: connection.host.ip, session: connection.session?.id ?? null, server },
          ...{ op: longest.op, path: longest.path, length: longest.length, end },
          request: begun.get(longest) ?? { frame: longest.frame, time: longest.time },
          lossy: connection.gaps > 0 && connection.lastGap !== null && connection.lastGap.time < end.time - ROUND_TRIP,
          others: new Set(),
        };
        for (const other of latest.times) together(one, other);
        refused.push(one);
        latest.refused.push(one);
      },
      end() {
        const own = new Set(refused.map((r) => r.session ?? r.client));
        const usable = refused.filter((r) => r.length > accepted && !goesDown(r, own));
        for (const group of incidents(
          usable,
          (r) => `${r.session ?? r.ip} ${r.op} ${r.path ?? ''}`,
          (r) => r.request.time,
          APART,
        ))
          judge(group);
        tellGrowth();
      },
    };

    /** The server ended connections of others as well: it was killed, not asked for too much. */
    function goesDown({ others }: Refused, own: ReadonlySet<string>): boolean {
      return [...others].some((other) => !own.has(other));
    }

    function judge(group: readonly Refused[]): void {
      const first = group[0]!;
      const last = group.at(-1)!;
      const above = group.every((r) => r.length > options.limit);
      if (!above && group.length < 2) return;
      if (!above && group.some((r) => r.lossy)) return;
      const watches = SET_WATCHES.has(first.op);
      const lengths = [...new Set(group.map((r) => r.length))];
      const longest = Math.max(...lengths);
      const what = first.path === null ? first.op : `${first.op} of ${first.path}`;
      const handshakes =
        [...model.sessions.all()].find(({ id }) => id !== null && id === first.session)?.connectionCount ?? 0;
      const entry: Affected = {
        client: last.client,
        session: first.session,
        ...(first.path === null ? {} : { path: first.path }),
        frames: group.slice(0, 200).map((r) => r.request.frame),
        attempts: group.length,
        servers: [...new Set(group.map((r) => r.server))],
      };
      const evidence: Evidence[] = [];
      for (const r of group.length > 1 ? [first, last] : [first]) {
        evidence.push({ ...r.request, text: `${what}: ${numberText(r.length)} bytes by its length prefix` });
        evidence.push({ ...r.end, text: `${r.server} closes without an answer` });
      }
      report({
        severity: group.length > 1 ? 'error' : 'warning',
        confidence: above && !group.some((r) => r.lossy) ? 'proven' : 'likely',
        title: watches ? 'setWatches is too long for the server' : 'A request is too long for the server',
        message: `${first.ip} sent ${what} of ${numberText(longest)} bytes ${plural(group.length, 'time')} in ${duration(last.end.time - first.request.time)}, and the server closed the connection each time${watches ? '; the session cannot come back like that' : '; it was not applied'} (longest request that was answered: ${numberText(accepted)} bytes).`,
        remedy: watches
          ? 'Let the client hold fewer watches, or raise jute.maxbuffer on all servers; a client that splits setWatches (Java does) comes back.'
          : 'Store the value elsewhere and its place in ZooKeeper; or raise jute.maxbuffer on all servers and clients.',
        ...subject([entry]),
        from: first.request.time,
        to: last.end.time,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          op: first.op,
          lengths: lengths.slice(0, 50),
          limit: options.limit,
          accepted,
          attempts: group.length,
          handshakes,
          outcome: 'not applied',
          ...affectedData([entry]),
        },
      });
    }

    function tellGrowth(): void {
      for (const { path, op, first, last } of growing.values()) {
        if (last.length < near || last.length < first.length * GROWTH) continue;
        const perHour = ((last.length - first.length) / ((last.time - first.time) / 1e9)) * 3600;
        report({
          severity: 'info',
          confidence: 'proven',
          title: 'A value or a list grows towards the limit',
          message: `${op} of ${path} grew from ${numberText(first.length)} to ${numberText(last.length)} bytes in ${duration(last.time - first.time)}; requests and answers above ${numberText(options.limit)} bytes (jute.maxbuffer) are refused.`,
          remedy: 'See what adds to it and whether it is ever cleaned up; split it over several znodes.',
          path,
          from: first.time,
          to: last.time,
          evidence: [
            { frame: first.frame, time: first.time, text: `${numberText(first.length)} bytes` },
            { frame: last.frame, time: last.time, text: `${numberText(last.length)} bytes` },
          ],
          data: { op, first: first.length, last: last.length, limit: options.limit, bytesPerHour: Math.round(perHour) },
        });
      }
    }
  },
});
