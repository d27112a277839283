import { duration, plural } from '../../observations/words.js';
import type { Session, Znode } from '../../model/index.js';
import { EventType, eventTypeName } from '../../protocols/zookeeper/format/enums.js';
import type { DataValue, Evidence } from '../finding.js';
import { parentOf } from '../../model/index.js';
import { defineRule } from '../rule.js';
import { seconds } from '../../observations/seconds.js';
import { SmallSet } from '../support/smallSet.js';

/** One change that wakes many. */
interface Round {
  readonly znode: Znode;
  readonly eventType: number;
  readonly frame: number;
  readonly from: number;
  lastNotification: number;
  /** Numbers of the sessions that it woke, and of those of them that read. */
  readonly sessions: SmallSet<number>;
  readonly readers: SmallSet<number>;
  /** Notifications beyond those sessions. */
  more: number;
  /** Hosts of the sessions, as many as are told. */
  readonly hosts: SmallSet<string>;
  reads: number;
  childReads: number;
  lastRead: number;
  lastReadFrame: number;
}

/** What is kept of a round: sessions are many. */
interface Told extends Pick<
  Round,
  'frame' | 'from' | 'eventType' | 'lastNotification' | 'reads' | 'childReads' | 'lastRead' | 'lastReadFrame'
> {
  readonly watchers: number;
}

interface Herd {
  readonly znode: Znode;
  /** The first rounds, and the one that woke most, with the hosts of those. */
  readonly details: Told[];
  most: Told;
  clients: readonly string[];
  /** All rounds. */
  total: number;
  reads: number;
  onlyPushes: boolean;
  readonly from: number;
  to: number;
}

const DETAILS = 20;
const CLIENTS = 200;
/**
 * Sessions of one round that are told apart; those beyond are counted.
 * @bound sessions
 */
const MAX_SESSIONS = 20_000;
/**
 * Paths whose changes may make a herd.
 * @bound paths
 */
const MAX_PATHS = 1000;
/**
 * Changes that woke somebody, of the last moments; beyond them those that are oldest wake nobody more.
 * @bound of them
 */
const MAX_ROUNDS = 10_000;

export const herd = defineRule({
  meta: {
    name: 'herd',
    summary: 'One change wakes many sessions at once, and each of them reads everything again',
    documentation: {
      meaning:
        'N sessions watch the same list or znode. Each change sends N notifications within milliseconds, and N clients read the list and perhaps each of its M children: N × M requests for one change. It grows with the square of the fleet, and comes at the worst moment, when many things change.',
      proof:
        'Notifications of one path to many sessions within a moment, and the reads of that path by most of them right after.',
      lookalikes:
        'N watchers with N different paths (the queue of a lock: one notification for each release); few watchers; many watchers that are notified and read nothing. A new value that each watcher reads once, and nothing else, is what watches are for (configuration): info.',
      remedy:
        'Read the list only, or only what changed; let a few clients watch and pass it on; use persistent watches with a cache (Curator CuratorCache); wait a random moment and read once for several events. For locks and elections watch the predecessor (Curator and kazoo recipes do).',
    },
    options: {
      watchers: {
        type: 'number',
        default: 10,
        min: 2,
        unit: 'sessions',
        description: 'Sessions that one change must wake',
      },
      within: {
        type: 'number',
        default: 0.5,
        unit: 'seconds',
        description: 'Longest pause between two notifications of one change',
      },
      after: {
        type: 'number',
        default: 2,
        unit: 'seconds',
        description: 'Reads in this time after the last notification belong to it',
      },
    },
  },
  endsOnce: true,
  create({ options, report, notKept }) {
    /** Rounds that may still grow, by path. */
    const active = new Map<string, Round>();
    const herds = new Map<string, Herd>();
    let latest = 0;

    function close(round: Round): void {
      if (round.sessions.size < options.watchers || round.readers.size * 2 < round.sessions.size) return;
      const told = toldOf(round);
      const { znode } = round;
      let herd = herds.get(znode.path);
      if (herd === undefined) {
        if (herds.size >= MAX_PATHS) {
          notKept();
          return;
        }
        const counts = { total: 0, reads: 0, onlyPushes: true, from: round.from, to: round.from };
        herd = { znode, details: [], most: told, clients: round.hosts.members(), ...counts };
        herds.set(znode.path, herd);
      }
      if (told.watchers > herd.most.watchers) {
        herd.most = told;
        herd.clients = round.hosts.members();
      }
      herd.total++;
      herd.reads += told.reads + told.childReads;
      herd.onlyPushes &&= isPush(told);
      herd.to = round.lastRead;
      if (herd.details.length < DETAILS) herd.details.push(told);
    }

    function finish(round: Round): void {
      active.delete(round.znode.path);
      close(round);
    }

    function closeOld(time: number): void {
      for (const round of active.values()) {
        if (time - Math.max(round.lastNotification, round.from) > options.after * 1e9) finish(round);
      }
      let more = active.size - (MAX_ROUNDS * 3) / 4;
      if (active.size < MAX_ROUNDS) return;
      for (const round of active.values()) {
        if (more-- <= 0) break;
        finish(round);
        // Whom it wakes from here on is not counted.
        notKept();
      }
    }

    return {
      withoutPings: true,
      notification(m, connection, view) {
        if (view === null || connection.session === null) return;
        const { path } = view.znode;
        const round = active.get(path);
        if (
          round?.eventType === m.eventType &&
          m.time - round.lastNotification <= options.within * 1e9 &&
          !round.sessions.has(connection.session.number)
        ) {
          if (round.sessions.size < MAX_SESSIONS) round.sessions.add(connection.session.number);
          else round.more++;
          if (round.hosts.size < CLIENTS) round.hosts.add(connection.host.ip);
          round.lastNotification = m.time;
          return;
        }
        // Several changes in a row, each of which wakes all: one round ends where the next begins.
        if (round !== undefined) finish(round);
        if (m.time - latest > 1e9 || active.size >= MAX_ROUNDS) {
          closeOld(m.time);
          latest = m.time;
        }
        const begun: Round = {
          znode: view.znode,
          eventType: m.eventType,
          frame: m.frame,
          from: m.time,
          lastNotification: m.time,
          sessions: new SmallSet(),
          readers: new SmallSet(),
          more: 0,
          hosts: new SmallSet(),
          reads: 0,
          childReads: 0,
          lastRead: m.time,
          lastReadFrame: m.frame,
        };
        begun.sessions.add(connection.session.number);
        begun.hosts.add(connection.host.ip);
        active.set(path, begun);
      },
      response(m, connection) {
        if (active.size === 0 || m.request === null || connection.session === null) return;
        const { path } = m.request;
        if (path === null) return;
        const own = active.get(path);
        if (own !== undefined) {
          countRead(own, connection.session, m.time, m.frame, false);
          return;
        }
        const parent = parentOf(path);
        const above = parent === null ? undefined : active.get(parent);
        if (above !== undefined) countRead(above, connection.session, m.time, m.frame, true);
      },
      end() {
        closeOld(Infinity);
        for (const herd of herds.values()) tell(herd);
      },
    };

    function countRead(round: Round, session: Session, time: number, frame: number, child: boolean): void {
      if (time - round.lastNotification > options.after * 1e9 || !round.sessions.has(session.number)) return;
      if (child) round.childReads++;
      else {
        round.reads++;
        round.readers.add(session.number);
      }
      round.lastRead = time;
      round.lastReadFrame = frame;
    }

    function tell({ znode, details, most, clients, total, reads, onlyPushes, from, to }: Herd): void {
      const event = eventTypeName(most.eventType);
      const evidence: Evidence[] = [
        {
          frame: most.frame,
          time: most.from,
          text: `the first of ${most.watchers} notifications ${event}, the last ${duration(most.lastNotification - most.from)} later`,
        },
        {
          frame: most.lastReadFrame,
          time: most.lastRead,
          text: `the last of ${most.reads + most.childReads} reads that follow`,
        },
      ];
      report({
        severity: onlyPushes ? 'info' : 'warning',
        confidence: 'proven',
        title: 'Herd: one change wakes many',
        message: `${total === 1 ? 'One change' : `Each of ${total} changes`} of ${znode.path} woke up to ${plural(most.watchers, 'session')} at once; ${plural(reads, 'read')} followed (${most.reads} of the path and ${most.childReads} of its children for one change).`,
        remedy:
          'Let fewer clients watch that path, read only what changed, or delay the read by a random moment so that several changes cost one read; for locks watch the predecessor only.',
        path: znode.path,
        from,
        to,
        evidence,
        data: {
          rounds: total,
          watchers: most.watchers,
          reads,
          details: details.map((r): DataValue => ({
            frame: r.frame,
            watchers: r.watchers,
            within: seconds(r.lastNotification - r.from),
            reads: r.reads,
            childReads: r.childReads,
            doneAfter: seconds(r.lastRead - r.from),
          })),
          clients,
        },
      });
    }
  },
});

/** A new value that each watcher reads once: as many reads as there have to be. */
function isPush({ eventType, reads, childReads, watchers }: Told): boolean {
  return eventType === EventType.NodeDataChanged && childReads === 0 && reads <= watchers;
}

function toldOf({ sessions, more, ...round }: Round): Told {
  const { frame, from, eventType, lastNotification, reads, childReads, lastRead, lastReadFrame } = round;
  const watchers = sessions.size + more;
  return { frame, from, eventType, lastNotification, reads, childReads, lastRead, lastReadFrame, watchers };
}
