import { duration, listing, plural } from '../../observations/words.js';
import { CapturedPairSums, type CapturedPair } from '../../model/measures/capturedPairs.js';
import type { ClientConnection } from '../../model/index.js';
import {
  TO_CLIENT,
  TO_SERVER,
  type BothEnds,
  type Direction,
  type LostBetween,
  type Moment,
} from '../../observations/connectionFacts.js';
import type { DataValue, Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { seconds } from '../../observations/seconds.js';

/** What TCP had to send again on one connection, and which answers came late. */
interface Loss {
  readonly connection: ClientConnection;
  /** By direction: copies that were acknowledged in the end, and those that still wait for that. */
  readonly repeated: [number, number];
  readonly pending: [number, number];
  /** Late first copies: those before them were lost on the way to the capture. */
  readonly before: [number, number];
  /** Copies that came too soon after the original to tell a loss from a late acknowledgement, or whose D-SACK came. */
  probes: number;
  zeroWindows: number;
  first: Moment | null;
  last: Moment | null;
  /** Time of the latest copy, and of the one before it. */
  lastCopy: number;
  copyBefore: number;
  /** The latest copy, by direction, while nobody has said that it was not needed. */
  readonly latest: [Moment | null, Moment | null];
  /** Time of the request whose answer is on its way to the client; -1 when its TCP has it. */
  asked: number;
  /** That answer was late already when it was first sent. */
  counted: boolean;
  slow: number;
  slowWithCopy: number;
  /** Frame of the latest late answer without a copy so far. */
  lateWithout: number;
  worst: number;
  worstAt: Moment | null;
}

/**
 * Open connections with repeated segments or late answers, as network-loss keeps them.
 * @bound of them
 */
const MAX = 20_000;
/**
 * Connections with losses that have ended, as network-loss keeps them.
 * @bound of them
 */
const MAX_ENDED = 2000;
/** Nanoseconds: an answer is late from here on. */
const LATE = 0.1e9;
/** Nanoseconds: a copy that follows its original sooner may be a tail loss probe that met a delayed acknowledgement. */
const PROBE = 0.1e9;
const APART = 600e9;

export const networkLoss = defineRule({
  meta: {
    name: 'network-loss',
    summary: 'Segments of one client are lost on the way: its answers come late, in steps of TCP’s timer',
    documentation: {
      meaning:
        'TCP has to send segments of one client again and again, and in those moments its answers are late (a probe after some 10 ms, then 200, 400, 800 ms), while other clients of the same server are answered at once: packets are lost on the path of that client. An error if its session expired by it.',
      proof:
        'Segments that the capture holds twice and that were acknowledged in the end (lost behind the point of capture), or that come late, behind others that had to wait for them, and have no first copy (lost before it); where both ends of the connection were captured, segments that were seen at one and never at the other; answers that took over 0.1 s, counted to the client’s acknowledgement of the answer, most of them with such a segment in between.',
      lookalikes:
        'A slow server (late answers, nothing is sent again); SYNs without an answer (connect-timeout); a side that is gone (half-open-connection: sent again, never acknowledged); copies that follow within 0.1 s, or that the receiver says it had already (D-SACK: tail loss probes that met a delayed acknowledgement); segments that change places; keep-alives; packets captured twice. Of what is lost before the point of capture nothing shows where nothing came behind it.',
      remedy:
        'Look at the path of that client: interface errors and drops on both hosts, a full queue, a duplex mismatch, a firewall that limits; compare with a capture on the other side.',
    },
    options: {
      segments: { type: 'number', default: 5, min: 1, unit: 'segments', description: 'Segments that were sent again' },
      share: {
        type: 'number',
        default: 0.01,
        min: 0,
        max: 1,
        unit: 'share of the segments',
        description: 'Of all messages of that connection',
      },
      slow: { type: 'number', default: 3, min: 1, unit: 'answers', description: 'Answers that took over 0.1 s' },
    },
  },
  create({ model, options, report, notKept }) {
    /** Of connections that are open. */
    const losses = new Map<ClientConnection, Loss>();
    /** Of those that have ended, what was a loss. */
    const ended = new Map<ClientConnection, Loss>();
    let more = 0;

    function lossOf(connection: ClientConnection): Loss | null {
      let loss = losses.get(connection);
      if (loss === undefined) {
        if (losses.size >= MAX) return null;
        loss = {
          connection,
          repeated: [0, 0],
          pending: [0, 0],
          before: [0, 0],
          probes: 0,
          zeroWindows: 0,
          first: null,
          last: null,
          lastCopy: -1,
          copyBefore: -1,
          latest: [null, null],
          asked: -1,
          counted: false,
          slow: 0,
          slowWithCopy: 0,
          lateWithout: -1,
          worst: 0,
          worstAt: null,
        };
        losses.set(connection, loss);
      }
      return loss;
    }

    function late(loss: Loss, latency: number, asked: number, at: Moment): void {
      loss.slow++;
      if (loss.lastCopy >= asked) loss.slowWithCopy++;
      else loss.lateWithout = at.frame;
      if (latency > loss.worst) {
        loss.worst = latency;
        loss.worstAt = at;
      }
    }

    function copied(connection: ClientConnection, direction: Direction, at: Moment): void {
      const loss = lossOf(connection);
      if (loss === null) return;
      loss.copyBefore = loss.lastCopy;
      loss.lastCopy = at.time;
      settle(loss, direction);
      const original = direction === TO_SERVER ? connection.lastRequestTime : connection.lastAnswerTime;
      if (at.time - original < PROBE) {
        loss.probes++;
        return;
      }
      loss.pending[direction]++;
      loss.latest[direction] = at;
    }

    /** Nobody can say any more that the latest copy was not needed. */
    function settle(loss: Loss, direction: Direction): void {
      const at = loss.latest[direction];
      if (at !== null) seen(loss, at);
      loss.latest[direction] = null;
    }

    function settleBoth(loss: Loss): void {
      settle(loss, TO_SERVER);
      settle(loss, TO_CLIENT);
    }

    function seen(loss: Loss, at: Moment): void {
      if (loss.first === null || at.frame < loss.first.frame) loss.first = at;
      if (loss.last === null || at.frame > loss.last.frame) loss.last = at;
    }

    /** The receiver of `direction` had what was sent again: it was not lost. */
    function needless(loss: Loss, direction: Direction): void {
      if (loss.latest[direction] === null) return;
      loss.latest[direction] = null;
      loss.probes++;
      if (loss.pending[direction] > 0) loss.pending[direction]--;
      else loss.repeated[direction]--;
      loss.lastCopy = loss.copyBefore;
    }

    /** A first copy that comes late: the one before it never reached the point of capture. */
    function lostBefore(connection: ClientConnection, direction: Direction, at: Moment): void {
      const loss = lossOf(connection);
      if (loss === null) return;
      loss.before[direction]++;
      // What it brought has been told already.
      if (loss.lateWithout === at.frame) loss.slowWithCopy++;
      loss.copyBefore = loss.lastCopy;
      loss.lastCopy = at.time;
      seen(loss, at);
    }

    return {
      withoutPings: true,
      response(m, connection) {
        const { latency, request } = m;
        if (latency === null || request === null) return;
        let loss = losses.size === 0 ? undefined : losses.get(connection);
        if (loss === undefined) {
          if (latency <= LATE) return;
          loss = lossOf(connection) ?? undefined;
          if (loss === undefined) return;
        }
        loss.asked = request.time;
        loss.counted = latency > LATE;
        if (loss.counted) late(loss, latency, request.time, { frame: m.frame, time: m.time });
      },
      tcp({ kind, direction, frame, time }, connection) {
        if (kind === 'retransmission') copied(connection, direction, { frame, time });
        else if (kind === 'outOfOrder') lostBefore(connection, direction, { frame, time });
        else if (kind === 'dsack') {
          const loss = losses.get(connection);
          if (loss !== undefined) needless(loss, direction === TO_SERVER ? TO_CLIENT : TO_SERVER);
        } else if (kind === 'zeroWindow') {
          const loss = losses.get(connection);
          if (loss !== undefined) loss.zeroWindows++;
        }
      },
      acknowledged({ direction, frame, time }, connection) {
        const loss = losses.get(connection);
        if (loss === undefined) return;
        loss.repeated[direction] += loss.pending[direction];
        loss.pending[direction] = 0;
        if (direction !== TO_CLIENT || loss.asked < 0) return;
        const latency = time - loss.asked;
        if (!loss.counted && latency > LATE && loss.lastCopy >= loss.asked)
          late(loss, latency, loss.asked, { frame, time });
        loss.asked = -1;
      },
      connectionClosed(connection) {
        const loss = losses.get(connection);
        if (loss === undefined) return;
        losses.delete(connection);
        settleBoth(loss);
        if (!isLossy(loss)) return;
        if (ended.size < MAX_ENDED) ended.set(connection, loss);
        else {
          more++;
          notKept();
        }
      },
      end() {
        for (const loss of losses.values()) settleBoth(loss);
        const found = [...ended.values(), ...losses.values()].filter(isLossy);
        for (const group of incidents(
          found,
          (l) => l.connection.host.ip,
          (l) => l.first!.time,
          APART,
        ))
          tell(group);
      },
    };

    function isLossy({ connection, repeated, before, slow, slowWithCopy, first }: Loss): boolean {
      // What was captured at both ends shows what was lost: what was only late, and sent again, was not.
      const between = lostSegments(connection.tcp.bothEnds);
      const copies = between ?? repeated[0] + repeated[1] + before[0] + before[1];
      if (first === null || copies < options.segments || slow < options.slow) return false;
      if (copies <= (connection.requests + connection.responses + connection.notifications) * options.share)
        return false;
      return slowWithCopy * 2 > slow;
    }

    /** Somebody else was served by the same server without anything of the kind. */
    function othersWell(group: readonly Loss[]): boolean {
      const servers = new Set(group.map(({ connection }) => connection.server));
      const hosts = new Set(group.map(({ connection }) => connection.host));
      for (const session of model.sessions.all()) {
        if (
          hosts.has(session.host) ||
          !session.servers.some((address) => [...servers].some((s) => s.address === address))
        )
          continue;
        const { current } = session;
        const own = current === null ? undefined : (losses.get(current) ?? ended.get(current));
        if (session.responses > 0 && (own === undefined || !isLossy(own))) return true;
      }
      return false;
    }

    function tell(group: readonly Loss[]): void {
      const first = group[0]!;
      const { connection } = first;
      const sum = (of: (loss: Loss) => number): number => group.reduce((n, loss) => n + of(loss), 0);
      const servers = [...new Set(group.map((l) => l.connection.server.address))];
      const before = sum((l) => l.before[0] + l.before[1]);
      const copies = before + sum((l) => l.repeated[0] + l.repeated[1]);
      const pairs = betweenPoints(group);
      const where =
        pairs.length > 0
          ? `; ${listing(pairs.map(pairText))} (seen at the one and never at the other);`
          : before === 0
            ? ','
            : before === copies
              ? '; they were lost before the point of capture, which has only the second copies;'
              : `; ${before} of them were lost before the point of capture, the others behind it;`;
      const slow = sum((l) => l.slow);
      const withCopy = sum((l) => l.slowWithCopy);
      const worst = group.reduce((a, b) => (b.worst > a.worst ? b : a));
      const from = Math.min(...group.map((l) => l.first!.time));
      const to = Math.max(...group.map((l) => l.last!.time), worst.worstAt?.time ?? 0);
      const expired = group.some((l) => l.connection.session?.end === 'expired');
      const well = othersWell(group);
      const entries = group.map((l): Affected => ({
        ...{ client: l.connection.client, session: l.connection.session?.id ?? null },
        frames: [l.first!.frame, l.last!.frame],
        retransmissions: l.repeated[0] + l.repeated[1] + l.before[0] + l.before[1],
        ...{ slowAnswers: l.slow, server: l.connection.server.address },
      }));
      const evidence: Evidence[] = [
        { ...first.first!, text: 'the first segment that was sent again' },
        { ...group.at(-1)!.last!, text: 'the last one' },
      ];
      if (worst.worstAt !== null)
        evidence.push({ ...worst.worstAt, text: `the latest answer, after ${duration(worst.worst)}` });
      report({
        severity: expired ? 'error' : 'warning',
        confidence:
          (well || (pairs.length > 0 && group.every(isBetween))) && group.every((l) => l.connection.gaps === 0)
            ? 'proven'
            : 'likely',
        title: 'Packets of one client are lost',
        message: `Between ${connection.host.ip} and ${listing(servers)} ${plural(copies, 'segment')} had to be sent again in ${duration(to - from)} (${sum((l) => l.repeated[TO_SERVER] + l.before[TO_SERVER])} of the client, ${sum((l) => l.repeated[TO_CLIENT] + l.before[TO_CLIENT])} of the server)${where} and ${withCopy} of ${plural(slow, 'slow answer')} (up to ${duration(worst.worst)}) fall into these moments${well ? '; other clients were served without' : ''}${expired ? '; its session expired' : ''}.`,
        remedy: `Look at the path of that client for drops: interface counters of both hosts, queues, a firewall that limits${pairs.length > 0 ? `; it is between ${listing(pairs.map(({ near, far }) => `${near} and ${far}`))}` : '; capture on the other side as well'}.`,
        ...subject(entries),
        ...(servers.length === 1 ? { server: servers[0]! } : {}),
        from,
        to,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          retransmissions: copies,
          ofClient: sum((l) => l.repeated[TO_SERVER] + l.before[TO_SERVER]),
          ofServer: sum((l) => l.repeated[TO_CLIENT] + l.before[TO_CLIENT]),
          lostBeforeCapture: before,
          quickCopies: sum((l) => l.probes),
          zeroWindows: sum((l) => l.zeroWindows),
          slowAnswers: slow,
          slowWithCopy: withCopy,
          worst: seconds(worst.worst),
          ...(more > 0 ? { notCounted: more } : {}),
          ...(pairs.length === 0 ? {} : { lostBetween: pairs.map(pairData) }),
          ...affectedData(entries),
        },
      });
    }
  },
});

/** Segments that were lost between the two points of capture; null where that is not known. */
function lostSegments(ends: BothEnds | null): number | null {
  const [toServer, toClient] = [ends?.toServer ?? null, ends?.toClient ?? null];
  return toServer === null || toClient === null ? null : toServer.segments + toClient.segments;
}

function isBetween({ connection }: Loss): boolean {
  return lostSegments(connection.tcp.bothEnds) !== null;
}

/** Between which points of capture something was lost, and how much. */
function betweenPoints(group: readonly Loss[]): readonly CapturedPair[] {
  const sums = new CapturedPairSums();
  for (const loss of group) if (isBetween(loss)) sums.closed(loss.connection.tcp);
  return sums.list();
}

function pairText({ near, far, toServer, toClient }: CapturedPair): string {
  return `${toServer?.segments ?? 0} were lost from ${near} to ${far}, ${toClient?.segments ?? 0} from ${far} to ${near}`;
}

function pairData({ near, far, toServer, toClient }: CapturedPair): DataValue {
  const lost = (way: LostBetween | null): DataValue => (way === null ? null : { ...way });
  return { near, far, toServer: lost(toServer), toClient: lost(toClient) };
}
