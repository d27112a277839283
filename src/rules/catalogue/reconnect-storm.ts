import { duration, listing, numberText, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import type { Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { affectedData, findingOn } from '../support/affected.js';
import { largeResponse } from './large-response.js';
import { seconds } from '../../observations/seconds.js';

/** Handshakes of one host in quick succession, each on a connection that soon ended. */
interface Burst {
  readonly ip: string;
  readonly from: { readonly frame: number; readonly time: number };
  to: { readonly frame: number; readonly time: number };
  handshakes: number;
  /** Handshakes that made a new session, and those that took one up again. */
  fresh: number;
  resumed: number;
  readonly sessions: Map<string, { client: string; count: number; frames: number[] }>;
  readonly servers: Set<string>;
  /** Latest request before each end, by operation and path. */
  readonly last: Map<string, number>;
  /** Largest answer that was the last on its connection. */
  largest: { readonly bytes: number; readonly frame: number; readonly time: number } | null;
  unanswered: number;
  closedByClient: number;
}

/** Seconds from which on a moderate rate of new sessions is a habit. */
const LONG = 10;
/**
 * Bursts of handshakes that are judged.
 * @bound bursts
 */
const MAX_BURSTS = 1000;
/**
 * Hosts whose short connections are counted at a time.
 * @bound hosts
 */
const MAX_HOSTS = 4096;
/** Bytes of an answer from which on its size may be why the connection broke. */
const LARGE = 16 * 1024;
/**
 * Sessions of one burst that are told apart.
 * @bound sessions
 */
const MAX_SESSIONS = 200;
/** How many times slower a session may come back that breaks off after the same request each time. */
const SLOWER = 5;

const CAUSES = [largeResponse];

export const reconnectStorm = defineRule({
  meta: {
    name: 'reconnect-storm',
    summary: 'One host connects again and again, and none of its connections lasts',
    documentation: {
      meaning:
        'Either an application makes a client of its own for every read (each session costs two quorum writes), or a client takes up the same session over and over because something breaks the connection each time: an answer larger than its jute.maxbuffer, an exception in its event thread.',
      proof:
        'The handshakes of one host, their rate, and how soon each connection ended; for one session also the request before each break.',
      lookalikes:
        'An ordinary Java client during an outage tries about once a second (refused attempts are connect-refused); a cron job every few seconds; many clients that reconnect once each after a restart; many pods behind one address, whose connections live on; a script that runs the command-line client for each of a dozen commands.',
      remedy:
        'Make one client for the life of the process and share it. Where the same session comes back: look at the request before each break; an answer above jute.maxbuffer needs a larger limit at the client or a smaller znode.',
    },
    options: {
      handshakes: {
        type: 'number',
        default: 10,
        min: 3,
        unit: 'handshakes',
        description: 'Handshakes in one burst that make a storm',
      },
      rate: {
        type: 'number',
        default: 1,
        unit: 'per second',
        description:
          'Handshakes a second from which on a burst is a storm; a fifth of it where one session comes back after the same request each time',
      },
      shortLived: {
        type: 'number',
        default: 5,
        unit: 'seconds',
        description: 'Connections that last longer than this do not count',
      },
    },
  },
  causes: CAUSES,
  create({ options, report, findingsOf, notKept }) {
    const open = new Map<string, Burst>();
    const storms: Burst[] = [];

    function finish(burst: Burst, finished: Burst[]): void {
      const lasted = Math.max(burst.to.time - burst.from.time, 1e9) / 1e9;
      // Who cannot get past an answer tries at the pace of its application.
      const rate = isStuck(burst) && sameRequest(burst) !== null ? options.rate / SLOWER : options.rate;
      if (burst.handshakes < options.handshakes || burst.handshakes / lasted < rate) return;
      // A script that runs the shell for each of its commands makes new sessions as well: so many, but not for long.
      const brief = burst.fresh > burst.resumed && burst.handshakes < 2 * options.handshakes && lasted < LONG;
      if (brief) return;
      if (finished.length < MAX_BURSTS) finished.push(burst);
      else notKept();
    }

    /** Hosts are too many: those that began first have had their time. */
    function finishOldest(): void {
      let left = MAX_HOSTS >>> 3;
      for (const [ip, burst] of open) {
        if (left-- <= 0) return;
        finish(burst, storms);
        open.delete(ip);
      }
    }

    function ended(connection: ClientConnection): void {
      const { handshake, tcp, host } = connection;
      // One that was forgotten to bound memory may live on.
      if (tcp.end === 'forgotten' || !connection.established || handshake?.response == null) return;
      const end = tcp.endMoment ?? handshake.response;
      const start = handshake.request ?? handshake.response;
      if (end.time - start.time > options.shortLived * 1e9) return;
      let burst = open.get(host.ip);
      // Slower than the least rate on the whole: another burst.
      if (burst !== undefined && start.time - burst.to.time > 5e9 / Math.max(options.rate, 0.1)) {
        finish(burst, storms);
        burst = undefined;
      }
      if (burst === undefined) {
        burst = {
          ip: host.ip,
          from: start,
          to: end,
          handshakes: 0,
          fresh: 0,
          resumed: 0,
          sessions: new Map(),
          servers: new Set(),
          last: new Map(),
          largest: null,
          unanswered: 0,
          closedByClient: 0,
        };
        if (open.size >= MAX_HOSTS) finishOldest();
        open.set(host.ip, burst);
      }
      burst.handshakes++;
      if (end.time > burst.to.time) burst.to = end;
      if (handshake.asked === handshake.granted) burst.resumed++;
      else burst.fresh++;
      burst.servers.add(connection.server.address);
      if (connection.outstanding.size > 0) burst.unanswered++;
      const { lastResponseLength: bytes, lastResponseFrame: frame, lastResponseTime: time } = connection;
      if (bytes > (burst.largest?.bytes ?? 0)) burst.largest = { bytes, frame, time };
      const { fin, rst } = tcp.toServer;
      const byServer = tcp.toClient.fin ?? tcp.toClient.rst;
      const byClient = fin ?? rst;
      if (byClient !== null && (byServer === null || byClient.time <= byServer.time)) burst.closedByClient++;
      const id = handshake.granted ?? '';
      const session = burst.sessions.get(id);
      if (session !== undefined) {
        session.count++;
        session.client = connection.client;
        if (session.frames.length < 20) session.frames.push(handshake.response.frame);
      } else if (burst.sessions.size < MAX_SESSIONS) {
        burst.sessions.set(id, { client: connection.client, count: 1, frames: [handshake.response.frame] });
      }
      const { lastOp, lastPath } = connection;
      if (lastOp !== null && lastOp !== 'connect' && lastOp !== 'closeSession') {
        const request = lastPath === null ? lastOp : `${lastOp} ${lastPath}`;
        if (burst.last.has(request) || burst.last.size < 100)
          burst.last.set(request, (burst.last.get(request) ?? 0) + 1);
      }
    }

    return {
      connectionClosed: ended,
      end() {
        const all = [...storms];
        for (const burst of open.values()) finish(burst, all);
        for (const burst of all) tell(burst);
      },
    };

    /** The same session over and over: it cannot get past something. */
    function isStuck({ sessions, handshakes }: Burst): boolean {
      let most = 0;
      for (const { count } of sessions.values()) most = Math.max(most, count);
      return most >= options.handshakes && most * 2 > handshakes;
    }

    /** The request that was the last on most of the connections; null if there is none. */
    function sameRequest({ last, handshakes }: Burst): string | null {
      const [request, times] = [...last].reduce((a, b) => (b[1] > a[1] ? b : a), ['', 0]);
      return times * 2 > handshakes ? request : null;
    }

    function tell(burst: Burst): void {
      const { ip, handshakes, fresh, resumed } = burst;
      const lasted = burst.to.time - burst.from.time;
      const [id, busiest] = [...burst.sessions].reduce((a, b) => (b[1].count > a[1].count ? b : a));
      const stuck = isStuck(burst);
      const request = sameRequest(burst) ?? '';
      const same = request !== '';
      const path = same ? request.slice(request.indexOf(' ') + 1) : '';
      const severity: Severity = stuck ? 'error' : 'warning';
      const rate = Number((handshakes / Math.max(lasted / 1e9, 1)).toFixed(1));
      const before = same ? `, ${stuck ? 'each time after' : 'each for'} ${request.replace(' ', ' of ')}` : '';
      const { largest } = burst;
      const large = stuck && largest !== null && largest.bytes >= LARGE;
      const size = large ? `, the answer before the break had up to ${numberText(largest.bytes)} bytes` : '';
      const entries = [...burst.sessions]
        .slice(0, 50)
        .map(([session, s]) => ({ client: s.client, session, frames: s.frames, handshakes: s.count }));
      report({
        severity,
        confidence: 'proven',
        title: stuck ? 'The same session reconnects in a loop' : 'A session for every request',
        message: stuck
          ? `${ip} took up session ${id} ${plural(busiest.count, 'time')} in ${duration(lasted)}${before}; every connection broke soon after${size}.`
          : `${ip} made ${plural(handshakes, 'handshake')} in ${duration(lasted)} (${rate} a second, ${fresh} new sessions)${before}; every connection ended soon after.`,
        remedy: stuck
          ? 'Look at the answer before each break: one above the client’s jute.maxbuffer makes it drop the connection and ask again; raise the limit there or make the znode smaller.'
          : 'Make one client when the process starts and use it for all requests; a session is meant to live as long as the process.',
        client: ip,
        ...(stuck ? { session: id } : {}),
        ...(path !== '' && path.startsWith('/') ? { path } : {}),
        ...(burst.servers.size === 1 ? { server: [...burst.servers][0]! } : {}),
        from: burst.from.time,
        to: burst.to.time,
        evidence: [
          { frame: burst.from.frame, time: burst.from.time, text: 'the first of these handshakes' },
          ...(large
            ? [
                {
                  frame: largest.frame,
                  time: largest.time,
                  text: `an answer of ${numberText(largest.bytes)} bytes, the last on its connection`,
                },
              ]
            : []),
          { frame: burst.to.frame, time: burst.to.time, text: `the end of the last of ${handshakes} connections` },
        ],
        cause: large ? findingOn(findingsOf(...CAUSES), (e) => e.session === id) : undefined,
        data: {
          handshakes,
          newSessions: fresh,
          resumed,
          seconds: seconds(lasted),
          rate,
          closedByClient: burst.closedByClient,
          unansweredAtEnd: burst.unanswered,
          ...(large ? { lastAnswerBytes: largest.bytes } : {}),
          servers: listing([...burst.servers], 10),
          ...(same ? { lastRequest: request } : {}),
          ...affectedData(entries),
        },
      });
    }
  },
});
