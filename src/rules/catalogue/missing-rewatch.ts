import { duration, listing, plural } from '../../observations/words.js';
import type { Fired, Session, View, WatchKind } from '../../model/index.js';
import { EventType, eventTypeName } from '../../protocols/zookeeper/format/enums.js';
import type { Confidence, Evidence, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, incidents, subject } from '../support/affected.js';
import { changedAgain, changedSince } from '../support/data.js';
import { readUnderWay } from '../support/lists.js';

/**
 * Sessions and paths that are told of.
 * @bound of them
 */
const MAX = 20_000;
/** A watch that is set so soon (nanoseconds) after the session began is one that the application lives on. */
const AT_THE_START = 5e9;
/** From how many reads on, no farther apart (nanoseconds) than that, the session polls: it learns of changes late. */
const POLLS = 5;
const SLOWEST_POLL = 30e9;

type Weight = Pick<Missing, 'severity' | 'confidence'>;

const LIGHT: Weight = { severity: 'info', confidence: 'possible' };

interface Missing {
  readonly view: View;
  readonly kind: WatchKind;
  readonly fired: Fired;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly until: number;
  readonly entry: Affected;
}

export const missingRewatch = defineRule({
  meta: {
    name: 'missing-rewatch',
    summary: 'A watch fired and the session never sets one on that path again',
    documentation: {
      meaning:
        'ZooKeeper watches fire once. A session was notified that a znode or its list of children changed, and in all the rest of its life it sets no watch of that kind on that path again: later changes are not announced to it.',
      proof:
        'The notification was delivered (the client acknowledged it at TCP level), the session reads the path again and again, and every such read has watch=false: proven. If it reads it once, or never touches it again, it may have no interest in it any more: possible.',
      lookalikes:
        'NodeDeleted (the node is gone, nobody owes it a watch); a one-time wait that ends with the event and a read (ClickHouse waits so for its queue); a process that is stopped or dead, which sends nothing more; a session that reads the path without a watch anyway; a persistent watch that was set before the capture; a read without a watch that is followed by one with a watch (that is blind-window); a change that the session made itself; a session that closes right after; an event in the last moments of the capture; a notification that no one acknowledged; persistent watches (addWatch), which do not fire away.',
      remedy:
        'Set the watch again in the same request that reads the new state: kazoo ChildrenWatch or DataWatch instead of get_children(watch=…), Curator CuratorCache instead of usingWatcher, go-zookeeper ChildrenW or GetW again at each event, zoo_wget_children or zoo_wget in the C watcher. With ZooKeeper 3.6 and later a persistent watch (addWatch) needs no setting again.',
    },
    options: {
      reads: {
        type: 'number',
        default: 2,
        min: 1,
        unit: 'reads',
        description:
          'Reads without a watch after the event that show that the session goes on depending on the path; twice as many in a session that has waited once for something on another path',
      },
      grace: {
        type: 'number',
        default: 1.5,
        unit: 'seconds',
        description: 'How long the session has to live on after the event before the watch counts as missing',
      },
      closingGrace: {
        type: 'number',
        default: 10,
        unit: 'seconds',
        description: 'The same for a session that is closed by its client: it may have been done',
      },
    },
  },
  create({ options, report, notKept }) {
    const found: Missing[] = [];

    function look(session: Session, view: View, kind: WatchKind, waitsOnce: boolean): void {
      const fired = view.fired(kind);
      const announces = kind === 'child' ? EventType.NodeChildrenChanged : EventType.NodeDataChanged;
      if (fired?.eventType !== announces || !fired.delivered || view.persistentWatch !== null) return;
      const { znode } = view;
      if (znode.exists === false && znode.existsTime >= fired.time) return;
      // A process that is stopped or dead owes nothing: it lives as long as it is answered. Its last ping meets an RST.
      const until = session.closing?.time ?? session.lastResponseTime;
      const lived = until - fired.time;
      if (lived < (session.closing === null ? options.grace : options.closingGrace) * 1e9) return;
      // A reconnect gives the client another chance to set it: judged by watch-lost-after-reconnect.
      if (readUnderWay(view)) return;
      // What is missing may be the read that sets the watch, or the session's own write that caused the event.
      const uncertain = session.uncertainSince(fired.watch?.time ?? 0) || session.forgotten > 0;
      if ((fired.own || uncertain) && fired.plainReads < 2) return;
      if (found.length >= MAX) {
        notKept();
        return;
      }
      const weight = uncertain || fired.own ? LIGHT : weigh(session, view, kind, fired, waitsOnce);
      found.push({
        view,
        kind,
        fired,
        until,
        ...weight,
        entry: {
          ...affectedBy(session),
          path: znode.path,
          frames: [fired.frame, ...(fired.firstPlain === null ? [] : [fired.firstPlain.frame])],
          event: eventTypeName(fired.eventType),
          readsWithoutWatch: fired.plainReads,
        },
      });
    }

    function weigh(session: Session, view: View, kind: WatchKind, fired: Fired, waitsOnce: boolean): Weight {
      const { plainReads, firstPlain, lastPlain, watch } = fired;
      if (plainReads === 0 || (plainReads === 1 && kind === 'data')) {
        // Not touched again: worth a warning only where it looks as if it waited for more, and there was more to be told.
        const waits = watch !== null && watch.time - session.start.time <= AT_THE_START && session.startKnown;
        const idle = session.lastWorkTime <= (lastPlain ?? fired).time + options.grace * 1e9;
        const unheard = plainReads === 0 ? changedAgain(view, kind) : changedSince(view, kind, lastPlain!);
        return waits && idle && unheard ? { severity: 'warning', confidence: 'possible' } : LIGHT;
      }
      // One read may be the end of a wait. Who reads the path again and again depends on it, unless it did so all along.
      const enough = waitsOnce ? 2 * options.reads : options.reads;
      if (plainReads < enough || lastPlain!.time - firstPlain!.time < options.grace * 1e9) return LIGHT;
      if (view.readsBeside > 0) return LIGHT;
      if (watch !== null) return { severity: 'error', confidence: 'proven' };
      // A watch of before the capture may be a persistent one, which fires again: not if a later change was not announced.
      return changedSince(view, kind, firstPlain!) ? { severity: 'error', confidence: 'likely' } : LIGHT;
    }

    return {
      sessionEnded(session) {
        const waitsOnce = hasWaitedOnce(session);
        for (const view of session.views.values()) {
          if (view.childFired !== null) look(session, view, 'child', waitsOnce);
          if (view.dataFired !== null) look(session, view, 'data', waitsOnce);
        }
      },
      end() {
        const key = (m: Missing): string =>
          `${m.view.znode.path} ${m.kind} ${m.severity} ${m.confidence} ${Math.min(m.fired.plainReads, 2)}`;
        for (const group of incidents(found, key, (m) => m.fired.time)) {
          const { fired, view, kind, severity, confidence } = group[0]!;
          const entries = group.map((m) => m.entry);
          const path = view.znode.path;
          const event = eventTypeName(fired.eventType);
          const reads = fired.plainReads;
          const who = group.length === 1 ? entries[0]!.client : plural(group.length, 'session');
          const lasted = duration(group[0]!.until - fired.time);
          const they = group.length === 1 ? 'it is' : 'they are';
          const pace = group.length === 1 ? pollPace(fired, group[0]!.until) : null;
          const polls = pace === null ? '' : `; it polls, every ${duration(pace)}, and sees a change that much later`;
          const message =
            reads > 1
              ? `${who} got ${event} of ${path} and read it again ${plural(reads, 'time')} in ${lasted}, always with watch=false: ${they} told of no later change${polls}.`
              : reads === 1 && severity === 'info'
                ? `${who} got ${event} of ${path} and read it again 1 time in ${lasted}, with watch=false: it may have waited for this only.`
                : reads === 1
                  ? `${who} got ${event} of ${path}, read it once more with watch=false, and never touched it again, for ${lasted}, while it changed: if it still needs it, it is told of no later change.`
                  : `${who} got ${event} of ${path} and never touched that path again, for ${lasted}: if it still needs it, it is told of no later change.`;
          const evidence: Evidence[] = [];
          if (fired.watch !== null) {
            evidence.push({
              frame: fired.watch.frame,
              time: fired.watch.time,
              text: `${fired.watch.op} of ${path} sets the watch`,
            });
          }
          evidence.push({
            frame: fired.frame,
            time: fired.time,
            text: `notification ${event} of ${path}, acknowledged by the client`,
          });
          const { firstPlain, lastPlain } = fired;
          if (firstPlain !== null) {
            evidence.push({
              frame: firstPlain.frame,
              time: firstPlain.time,
              text: `${firstPlain.op} of ${path} with watch=false is answered`,
            });
          }
          if (lastPlain !== null && lastPlain !== firstPlain) {
            evidence.push({ frame: lastPlain.frame, time: lastPlain.time, text: `the latest of ${reads} such reads` });
          }
          report({
            severity,
            confidence,
            title: kind === 'child' ? 'Child watch not set again' : 'Data watch not set again',
            message,
            remedy: `Set the watch again with the read that follows each event: ${kind === 'child' ? 'ChildrenWatch (kazoo), CuratorCache (Curator), ChildrenW (go-zookeeper), zoo_wget_children (C)' : 'DataWatch (kazoo), CuratorCache (Curator), GetW (go-zookeeper), zoo_wget (C)'}, or use addWatch (3.6+) for ${listing([path])}.`,
            unrepaired: severity === 'info' ? undefined : `no watch on ${path} set again`,
            ...subject(entries),
            from: fired.time,
            to: Math.max(...group.map((m) => m.until)),
            evidence,
            data: { kind, event, readsWithoutWatch: reads, ...affectedData(entries) },
          });
        }
      },
    };
  },
});

/** A watch of the session fired and was done with, after one read at most: it is in the habit of waiting once. */
function hasWaitedOnce(session: Session): boolean {
  for (const { childFired, dataFired } of session.views.values()) {
    const fired = childFired ?? dataFired;
    if (fired !== null && fired.plainReads <= 1 && fired.delivered) return true;
  }
  return false;
}

/** How often the session reads the path since the watch fired, where it does so at a steady pace until the end; else null. */
function pollPace({ plainReads, firstPlain, lastPlain, longestPause, time }: Fired, until: number): number | null {
  if (plainReads < POLLS) return null;
  const pace = (lastPlain!.time - firstPlain!.time) / (plainReads - 1);
  const longest = Math.max(longestPause, firstPlain!.time - time, until - lastPlain!.time);
  return pace <= SLOWEST_POLL && longest <= 2 * pace ? pace : null;
}
