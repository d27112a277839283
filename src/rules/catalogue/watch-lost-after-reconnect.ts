import { duration, listing, plural } from '../../observations/words.js';
import type { Attachment, Session, View, WatchKind } from '../../model/index.js';
import type { Confidence, Evidence, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { readUnderWay } from '../support/lists.js';
import { laterSessions, livedFor, unseenSessions, watched } from '../support/recovery.js';

interface Lost {
  readonly kind: WatchKind;
  readonly path: string;
  readonly after: 'reconnect' | 'expiry';
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** Where the watch was set (null: before the capture), and the handshake after which it is missing. */
  readonly set: { frame: number; time: number; op: string } | null;
  readonly handshake: { frame: number; time: number };
  readonly until: number;
  readonly entry: Affected;
}

/** A new session that begins so soon after the expiry is taken for the same client. */
const PROMPT = 10e9;
/**
 * Watches that were lost, as watch-lost-after-reconnect keeps them.
 * @bound of them
 */
const MAX = 20_000;
const KINDS: readonly WatchKind[] = ['data', 'child'];

/** A client of another host began to watch the path when this one was gone: it has its duties now (a leader's). */
function takenOver(expired: Session, { znode }: View): boolean {
  const taker = znode.newestWatcher;
  return taker !== null && taker.ip !== expired.ip && taker.time > expired.lastRequestTime;
}

export const watchLostAfterReconnect = defineRule({
  meta: {
    name: 'watch-lost-after-reconnect',
    summary: 'A client reconnects and does not set the watches again that it had',
    documentation: {
      meaning:
        'The server keeps watches with the connection. After a reconnect the client has to name them again (setWatches) or read again with a watch; after an expired session the application has to. This client does neither, and lives on without the events that it waits for.',
      proof:
        'The answer that set the watch, the handshake on another connection (of the same session, or of the session that the same host began after expiry), and no setWatches and no read of the path with a watch from there to the end, while the session goes on pinging.',
      lookalikes:
        'Go sends setWatches a moment after the handshake, Java at once, kazoo recipes read again; a client that is closing; a watch that had been used up before the reconnect; a watch on a znode that is gone; after an expiry, a client which reads again only when its application wakes up; a leader’s watch, which another client sets when it leads.',
      remedy:
        'kazoo never sends setWatches: use ChildrenWatch and DataWatch, or add a listener that reads again at KazooState.CONNECTED. go-zookeeper closes the watch channel when the session is lost: read again with ChildrenW, GetW or ExistsW. Curator caches do it alone. In Java and C the library sets watches again after a reconnect, but never after an expiry.',
    },
    options: {
      grace: {
        type: 'number',
        default: 3,
        unit: 'seconds',
        description: 'How long a session has to live on after the handshake (after an expiry: twice as long)',
      },
    },
  },
  create({ options, report, notKept }) {
    const found: Lost[] = [];
    const grace = (session: Session): number => Math.max(options.grace * 1e9, session.timeoutNs(6e9) / 2);

    /** The client believes in the watch: the server set it, or sent an event that nobody received. */
    function believed(
      view: View,
      kind: WatchKind,
    ): { connection: number; frame: number; time: number; op: string } | null {
      const watch =
        view.watch(kind) ?? (view.persistentWatch !== null && kind === 'data' ? view.persistentWatch : null);
      if (watch !== null) return watch;
      const fired = view.fired(kind);
      if (fired === null || fired.delivered || fired.watch === null) return null;
      return { connection: fired.connection.id, frame: fired.watch.frame, time: fired.watch.time, op: fired.watch.op };
    }

    function sameSession(session: Session): void {
      if (session.attachments.length < 2 || session.current === null || !session.connected) return;
      for (const view of session.views.values()) {
        for (const kind of KINDS) {
          const watch = believed(view, kind);
          if (watch === null || watch.connection === session.current.id) continue;
          const own = session.ephemerals.has(view.znode.path);
          if (view.znode.exists === false && kind === 'data' && !own) continue;
          const next = nextAttachment(session, watch.time);
          const last = session.attachments.at(-1)!;
          if (next === undefined || livedFor(session, last.time) < grace(session) || readUnderWay(view)) continue;
          // It may have been used up, or set again, where bytes are missing.
          if (session.uncertainSince(watch.time) || session.forgotten > 0) continue;
          if (found.length >= MAX) {
            notKept();
            continue;
          }
          found.push({
            kind,
            path: view.znode.path,
            after: 'reconnect',
            severity: 'error',
            confidence: 'proven',
            set: watch,
            handshake: next,
            until: session.lastRequestTime,
            entry: {
              client: session.client,
              session: session.id,
              path: view.znode.path,
              frames: [watch.frame, next.frame],
              kind,
            },
          });
        }
      }
    }

    function afterExpiry(expired: Session): void {
      const later = laterSessions(expired, expired.endMoment?.time ?? expired.lastTime);
      const successor = expired.successor ?? later[0];
      if (
        successor === undefined ||
        livedFor(successor) < Math.max(2 * options.grace * 1e9, successor.timeoutNs(6e9) / 2)
      )
        return;
      const moment = expired.endMoment!;
      for (const view of expired.views.values()) {
        const { path } = view.znode;
        for (const kind of KINDS) {
          const watch = believed(view, kind);
          if (watch === null) continue;
          if (view.znode.exists === false && !expired.ephemerals.has(path)) continue;
          if (later.some((other) => watched(other, path, kind)) || takenOver(expired, view)) continue;
          const uncertain =
            later.some((other) => other.holes > 0 || other.forgotten > 0) || unseenSessions(expired, moment.time);
          if (uncertain || expired.uncertainSince(watch.time) || successor.start.time - moment.time > PROMPT) continue;
          if (found.length >= MAX) {
            notKept();
            continue;
          }
          found.push({
            kind,
            path,
            after: 'expiry',
            severity: 'warning',
            confidence: successor === expired.successor && later.length === 1 ? 'likely' : 'possible',
            set: watch,
            handshake: successor.start,
            until: successor.lastRequestTime,
            entry: {
              client: successor.client,
              session: successor.id,
              path,
              frames: [watch.frame, moment.frame, successor.start.frame],
              kind,
              oldSession: expired.id,
            },
          });
        }
      }
    }

    return {
      sessionEnded(session) {
        if (session.end === 'expired') afterExpiry(session);
        else if (session.end === 'open') sameSession(session);
      },
      end() {
        const key = (lost: Lost): string => `${lost.after} ${lost.severity}`;
        for (const group of incidents(found, key, (lost) => lost.handshake.time, 30e9)) {
          const first = group[0]!;
          const entries = group.map((lost) => lost.entry);
          const sessions = new Set(entries.map((entry) => entry.session));
          const paths = [...new Set(group.map((lost) => lost.path))];
          const until = Math.max(...group.map((lost) => lost.until));
          const who = sessions.size === 1 ? first.entry.client : plural(sessions.size, 'session');
          const one = sessions.size === 1;
          const how =
            first.after === 'reconnect'
              ? one
                ? 'took up its session on a new connection'
                : 'went on, each on a new connection,'
              : one
                ? 'got a new session after the old one had expired'
                : 'expired; their clients got new ones';
          const evidence: Evidence[] = [];
          if (first.set !== null) {
            evidence.push({
              frame: first.set.frame,
              time: first.set.time,
              text: `${first.set.op} of ${first.path} sets the ${first.kind} watch`,
            });
          }
          evidence.push({
            frame: first.handshake.frame,
            time: first.handshake.time,
            text:
              first.after === 'reconnect'
                ? `handshake: the same session on another connection; from here on no setWatches and no read of ${first.path} with a watch`
                : `handshake: the new session; from here on no read of ${first.path} with a watch`,
          });
          report({
            severity: first.severity,
            confidence: first.confidence,
            title: first.after === 'reconnect' ? 'Watches lost in a reconnect' : 'Watches not set in the new session',
            message: `${who} ${how} and in the ${duration(until - first.handshake.time)} since then set no watch on ${listing(paths)} again.`,
            remedy:
              first.after === 'reconnect'
                ? 'kazoo sends no setWatches: use ChildrenWatch or DataWatch, or read again in a listener at KazooState.CONNECTED; other clients have to send setWatches or read again with a watch.'
                : 'After Expired the application has to read and watch everything anew: go-zookeeper at StateHasSession after StateExpired, Curator by CuratorCache or a ConnectionStateListener (RECONNECTED after LOST), Java on a new ZooKeeper object, kazoo in a listener after KazooState.LOST.',
            unrepaired: `no watch set again on ${listing(paths)}`,
            ...subject(entries),
            from: first.handshake.time,
            to: until,
            evidence,
            data: {
              after: first.after,
              ...affectedData(entries),
            },
          });
        }
      },
    };

    function nextAttachment(session: Session, time: number): Attachment | undefined {
      return session.attachments.find((attachment) => attachment.time > time);
    }
  },
});
