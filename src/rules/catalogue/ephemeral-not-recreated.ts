import { duration, listing, plural } from '../../observations/words.js';
import { type Ephemeral, likePath, parentOf, type Session } from '../../model/index.js';
import type { Confidence, Evidence, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { laterSessions, livedFor, unseenSessions } from '../support/recovery.js';

/** A new session that begins so soon after the expiry is taken for the same client. */
const PROMPT = 10e9;
/**
 * Ephemerals that were not registered again, as ephemeral-not-recreated keeps them.
 * @bound of them
 */
const MAX = 5000;

interface NotRecreated {
  readonly old: Session;
  readonly successor: Session;
  readonly ephemeral: Ephemeral;
  /** The answer that says expired, or where the node was seen to be gone. */
  readonly ended: { readonly frame: number; readonly time: number };
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly entry: Affected;
}

export const ephemeralNotRecreated = defineRule({
  meta: {
    name: 'ephemeral-not-recreated',
    summary: 'After its session expired a client lives on in a new one without creating its ephemeral again',
    documentation: {
      meaning:
        'An ephemeral (a registration, a membership) goes with its session. The client got a new session, pings it, and never creates the node again: it believes to be registered and is not.',
      proof:
        'The create by the old session, the connect response with session 0 that says it has expired, the new session of the same host, and no create of that path (of that prefix, for a sequential one) by any session of that host until the end.',
      lookalikes:
        'The new session creates it, sometimes a second or so later; the old session was closed on purpose; the client never comes back; the node had been deleted before; create was tried and answered NodeExists (that is node-exists-swallowed). A sequential ephemeral is often a place in a queue for a lock, which nobody needs again: possible at most.',
      remedy:
        'Register in the handler of every new session, not once at the start: go-zookeeper at StateHasSession after StateExpired (the watch channels are closed then), Curator PersistentNode or a ConnectionStateListener at RECONNECTED after LOST, kazoo a listener at CONNECTED after LOST, C in the session event of a new zhandle.',
    },
    options: {
      grace: {
        type: 'number',
        default: 5,
        unit: 'seconds',
        description:
          'How long the new session has to live (at least half its session timeout) before the node counts as missing',
      },
    },
  },
  create({ model, options, report, notKept }) {
    const found: NotRecreated[] = [];

    function look(old: Session): void {
      if (old.ephemerals.size === 0) return;
      const since = old.end === 'expired' ? old.endMoment!.time : old.lastTime;
      const later = laterSessions(old, since);
      const successor = old.successor ?? later[0];
      if (successor === undefined || livedFor(successor) < Math.max(options.grace * 1e9, successor.timeoutNs(0) / 2))
        return;
      const uncertain =
        unseenSessions(old, since) ||
        later.some((other) => other.holes > 0 || other.forgotten > 0) ||
        !successor.startKnown;
      if (uncertain) return;
      let renamed: ReadonlySet<string | null> | null = null;
      for (const ephemeral of old.ephemerals.values()) {
        if (later.some((other) => created(other, ephemeral))) continue;
        const znode = model.znode(ephemeral.path);
        const gone = znode?.deletion ?? null;
        // Another client has it by now: an election by a fixed name.
        const now = znode?.creation ?? null;
        if (znode?.exists === true && now !== null && now.time >= since && now.session !== old.id) continue;
        // A client that gave its session up by itself, or a process that was started anew: only if the node was seen to
        // go, and nothing else was registered in its place.
        if (old.end !== 'expired') {
          if (gone === null || gone.cause === 'request' || gone.cause === 'closeSession') continue;
          if (later.some((other) => registersBeside(other, ephemeral.path))) continue;
        }
        // Libraries ask for a new session at once: one that comes much later may be somebody else behind the same address.
        const prompt = successor.start.time - since <= PROMPT;
        // It registered in the same place under a name that it did not have before: a new name for the same thing.
        renamed ??= renamedUnder(old, later);
        if (renamed.has(parentOf(ephemeral.path))) continue;
        const guessed = !prompt || ephemeral.sequential || ephemeral.created === null;
        if (found.length >= MAX) {
          notKept();
          return;
        }
        found.push({
          old,
          successor,
          ephemeral,
          ended: old.end === 'expired' ? old.endMoment! : gone!,
          severity: old.end !== 'expired' ? 'info' : guessed ? 'warning' : 'error',
          confidence: guessed || old.end !== 'expired' ? 'possible' : later.length === 1 ? 'proven' : 'likely',
          entry: {
            client: successor.client,
            session: successor.id,
            path: ephemeral.path,
            frames: [...(ephemeral.created === null ? [] : [ephemeral.created.frame]), successor.start.frame],
            oldSession: old.id,
          },
        });
      }
    }

    function registersBeside(session: Session, path: string): boolean {
      const parent = parentOf(path);
      for (const other of session.createdEphemerals) if (parentOf(other) === parent) return true;
      return false;
    }

    /** Parents under which there are at least as many new names as names of the old session that did not come again. */
    function renamedUnder(old: Session, later: readonly Session[]): ReadonlySet<string | null> {
      const before = new Set<string>();
      /** By parent: names that did not come again, less new ones. */
      const missing = new Map<string | null, number>();
      const add = (path: string, count: number): void => {
        const parent = parentOf(path);
        missing.set(parent, (missing.get(parent) ?? 0) + count);
      };
      for (const ephemeral of old.ephemerals.values()) {
        before.add(likePath(ephemeral.path));
        add(ephemeral.path, later.some((other) => created(other, ephemeral)) ? 0 : 1);
      }
      const names = new Set(later.flatMap((other) => [...other.createdEphemerals]));
      for (const path of names) if (!before.has(path)) add(path, -1);
      return new Set([...missing].flatMap(([parent, count]) => (count <= 0 ? [parent] : [])));
    }

    function created(session: Session, { path }: Ephemeral): boolean {
      const like = likePath(path);
      if (session.refusedCreates.has(path) || session.createdEphemerals.has(like)) return true;
      for (const request of session.current?.outstanding ?? []) {
        if (request.path !== null && likePath(request.path) === like) return true;
      }
      return false;
    }

    return {
      sessionEnded(session) {
        if (session.end === 'expired' || session.end === 'lost') look(session);
      },
      end() {
        const key = (n: NotRecreated): string => `${n.severity} ${n.confidence}`;
        for (const group of incidents(found, key, (n) => n.successor.start.time, 30e9)) {
          const first = group[0]!;
          const { old, successor, ephemeral, ended } = first;
          const entries = group.map((n) => n.entry);
          const sessions = new Set(group.map((n) => n.successor));
          const paths = [...new Set(group.map((n) => n.ephemeral.path))];
          const until = Math.max(...group.map((n) => n.successor.lastRequestTime));
          const who = sessions.size === 1 ? successor.client : plural(sessions.size, 'client');
          const evidence: Evidence[] = [];
          if (ephemeral.created !== null) {
            const { frame, time } = ephemeral.created;
            evidence.push({ frame, time, text: `session ${old.id ?? ''} creates the ephemeral ${ephemeral.path}` });
          }
          evidence.push(
            {
              frame: ended.frame,
              time: ended.time,
              text:
                old.end === 'expired'
                  ? `the server answers that session ${old.id ?? ''} has expired`
                  : `${ephemeral.path} is gone`,
            },
            {
              frame: successor.start.frame,
              time: successor.start.time,
              text: `session ${successor.id ?? ''} of the same host begins; it sends no create of that path`,
            },
            {
              frame: successor.lastRequestFrame,
              time: successor.lastRequestTime,
              text: 'its latest request: it lives on',
            },
          );
          report({
            severity: first.severity,
            confidence: first.confidence,
            title: 'Ephemeral not created again after expiry',
            message: `${who} lost ${listing(paths)} with the old session and in ${duration(until - successor.start.time)} of the new one never created ${paths.length === 1 ? 'it' : 'them'} again${successor.work > 0 ? '' : sessions.size === 1 ? ': it only pings' : ': they only ping'}.`,
            remedy:
              'Create the ephemeral again whenever a new session begins: go-zookeeper at StateHasSession after StateExpired, Curator PersistentNode (or RECONNECTED after LOST), kazoo at CONNECTED after LOST.',
            ...subject(entries),
            unrepaired: `${listing(paths)} never created again`,
            from: successor.start.time,
            to: until,
            evidence: evidence.sort((a, b) => a.frame - b.frame),
            data: affectedData(entries),
          });
        }
      },
    };
  },
});
