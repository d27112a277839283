import { duration, listing, plural } from '../../observations/words.js';
import { hostOf } from '../../observations/filterPatterns.js';
import type { RefusedCreate, Session } from '../../model/index.js';
import type { Confidence, Evidence, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, findingOn, incidents, subject } from '../support/affected.js';
import { livedFor } from '../support/recovery.js';
import { seconds } from '../../observations/seconds.js';
import { parentOf } from '../../model/index.js';
import { connectRefused } from './connect-refused.js';
import { sessionAbandoned } from './session-abandoned.js';

/**
 * Creates that were refused, as node-exists-swallowed keeps them.
 * @bound of them
 */
const MAX = 20_000;

interface Swallowed {
  readonly session: Session;
  readonly refused: RefusedCreate;
  readonly owner: string;
  readonly old: Session | null;
  readonly gone: { readonly frame: number; readonly time: number } | null;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly entry: Affected;
}

export const nodeExistsSwallowed = defineRule({
  causes: [sessionAbandoned, connectRefused],
  meta: {
    name: 'node-exists-swallowed',
    summary: 'A client takes NodeExists on its own old ephemeral for success; the node goes with the old session',
    documentation: {
      meaning:
        'A client that lost its session comes back with a new one while its ephemeral still exists, because the server keeps the old session until its timeout. create answers NodeExists, the client takes that for registered. When the old session expires the node goes, and nobody makes it again.',
      proof:
        'The create of the node by an older session of the same host, NodeExists for the new session, and from there to the end neither a delete and create nor a successful retry nor an exists with a watch. Strongest when the node is then seen to be gone.',
      lookalikes:
        'delete and create, or a retry that succeeds, follows; exists with a watch (it waits for the old node to go); NodeExists on a persistent znode; NodeExists on an ephemeral of another client (an election that was lost); the older session is still in use, so it is another process of the same host; the same session owns the node already.',
      remedy:
        'On NodeExists read the Stat: if ephemeralOwner is not the own session, delete the node and create it, or wait for NodeDeleted with exists and a watch, then create. Curator: PersistentNode does that; kazoo: a new create in a listener after the old node went.',
    },
    options: {
      grace: {
        type: 'number',
        default: 5,
        unit: 'seconds',
        description: 'How long the session has to live on after NodeExists without doing anything about it',
      },
    },
  },
  create({ model, options, report, findingsOf, notKept }) {
    const found: Swallowed[] = [];

    function look(session: Session, refused: RefusedCreate): void {
      const { path, time } = refused;
      const znode = model.znode(path);
      // One that tries again and again has not swallowed it: its next attempt may be under way.
      const pace = refused.attempts > 1 ? (time - refused.firstTime) / (refused.attempts - 1) : 0;
      if (znode === undefined || livedFor(session, time) < Math.max(options.grace * 1e9, 2 * pace)) return;
      // Whoever made, or removed, the node since then: the refusal was not the last word.
      if (session.createdEphemerals.has(path) || session.ephemerals.has(path)) return;
      if (znode.creation !== null && znode.creation.time > time) return;
      if (znode.deletion?.cause === 'request' && znode.deletion.time > time) return;
      const view = session.views.get(path);
      const waits = view?.dataWatch ?? view?.dataFired?.watch ?? null;
      if (session.watchedPaths.has(path) || (waits !== null && waits.time > time) || view?.persistentWatch != null)
        return;
      const owner = refused.owner ?? znode.owner;
      if (owner === null || owner === session.id) return;
      const old = model.sessions.find(owner) ?? null;
      if (old !== null && !isOlderSelf(old, session)) return;
      // It made the node in this capture and is forgotten since, or its id was not captured: it was in use then.
      if (old === null && (refused.creation ?? znode.creation) !== null) return;
      const gone = vanished(path, refused);
      // Whose it was is not in the capture: only its going with nobody caring makes it worth a word.
      const known = old !== null;
      if (!known && gone === null) return;
      const uncertain = session.uncertainSince(time) || session.forgotten > 0;
      if (found.length >= MAX) {
        notKept();
        return;
      }
      found.push({
        session,
        refused,
        owner,
        old,
        gone,
        severity: uncertain ? 'info' : known ? 'error' : 'warning',
        confidence: uncertain || !known ? 'possible' : refused.creation !== null ? 'proven' : 'likely',
        entry: {
          ...affectedBy(session),
          path,
          frames: [
            ...(refused.creation === null ? [] : [refused.creation.frame]),
            refused.frame,
            ...(gone === null ? [] : [gone.frame]),
          ],
          oldSession: owner,
        },
      });
    }

    function isOlderSelf(old: Session, session: Session): boolean {
      if (old.host !== session.host || old.start.time >= session.start.time) return false;
      // Still talking after the new session began: another process of the same host.
      return old.end === 'closed' ? false : old.lastRequestTime <= session.start.time;
    }

    function vanished(path: string, refused: RefusedCreate): { frame: number; time: number } | null {
      const znode = model.znode(path);
      if (znode?.deletion != null && znode.deletion.time > refused.time) return znode.deletion;
      const parent = parentOf(path);
      const lists = parent === null ? [] : (model.znode(parent)?.lists ?? []);
      const name = path.slice(path.lastIndexOf('/') + 1);
      return lists.find((list) => list.zxid > refused.zxid && refused.zxid >= 0 && !list.names.includes(name)) ?? null;
    }

    return {
      sessionEnded(session) {
        for (const refused of session.refusedCreates.values()) look(session, refused);
      },
      end() {
        const key = (s: Swallowed): string => `${parentOf(s.refused.path) ?? ''} ${s.severity} ${s.confidence}`;
        for (const group of incidents(found, key, (s) => s.refused.time, 60e9)) {
          const first = group[0]!;
          const { refused, gone, owner, old } = first;
          const entries = group.map((s) => s.entry);
          const paths = [...new Set(group.map((s) => s.refused.path))];
          const allGone = group.filter((s) => s.gone !== null).length;
          const last = Math.max(...group.map((s) => s.gone?.time ?? s.session.lastRequestTime));
          const who =
            group.length === 1 ? first.session.client : plural(new Set(entries.map((e) => e.client)).size, 'client');
          const timeout = old?.timeout == null ? '' : ` (timeout ${duration(old.timeout * 1e6)})`;
          const ending =
            allGone === 0
              ? `${group.length === 1 ? 'it goes' : 'they go'} when that session expires`
              : `${group.length === 1 ? 'it was gone' : allGone === group.length ? 'they were gone' : `${allGone} of ${group.length} were gone`} ${duration((gone?.time ?? last) - refused.time)} later`;
          const evidence: Evidence[] = [];
          if (refused.creation !== null) {
            evidence.push({
              frame: refused.creation.frame,
              time: refused.creation.time,
              text: `session ${owner} creates ${refused.path}`,
            });
          }
          evidence.push({
            frame: refused.frame,
            time: refused.time,
            text: `create of ${refused.path} by ${first.session.id ?? 'the new session'} is answered NodeExists`,
          });
          if (gone !== null) evidence.push({ frame: gone.frame, time: gone.time, text: `${refused.path} is gone` });
          const olds = new Set(group.map((s) => s.owner));
          const hosts = new Set(group.map((s) => s.session.ip));
          const cause =
            findingOn(findingsOf(sessionAbandoned), (e) => e.session !== null && olds.has(e.session)) ??
            findingOn(findingsOf(connectRefused), (e) => hosts.has(hostOf(e.client)));
          report({
            severity: first.severity,
            confidence: first.confidence,
            title: 'NodeExists swallowed on an own old ephemeral',
            message: `${who} got NodeExists for ${listing(paths)} and left it at that; ${group.length === 1 ? 'the node belongs to the old session of the same host' : 'the nodes belong to the old sessions of the same hosts'}${timeout}: ${ending}.`,
            remedy:
              'On NodeExists compare ephemeralOwner with the own session: if it differs, delete and create, or wait with exists and a watch and create again (Curator PersistentNode does this).',
            ...subject(entries),
            from: refused.time,
            to: last,
            evidence,
            cause,
            unrepaired: allGone === 0 ? undefined : `${listing(paths)} gone and not created again`,
            data: {
              vanished: allGone,
              ...(gone === null ? {} : { vanishedAfter: seconds(gone.time - refused.time) }),
              ...affectedData(entries),
            },
          });
        }
      },
    };
  },
});
