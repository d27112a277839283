import { duration, listing, plural } from '../../observations/words.js';
import {
  type ChildList,
  listOf,
  nameBytes,
  type Read,
  Room,
  type Session,
  type View,
  type Znode,
} from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import type { Confidence, Evidence, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, findingOn } from '../support/affected.js';
import { ephemeralNotRecreated } from './ephemeral-not-recreated.js';
import { nodeExistsSwallowed } from './node-exists-swallowed.js';
import { sessionExpired } from './session-expired.js';

interface Emptied {
  readonly session: Session;
  /** The list before, in short. */
  readonly before: { readonly frame: number; readonly time: number; readonly size: number };
  readonly read: Moment;
  readonly beforeTime: number;
}

interface Path {
  readonly znode: Znode;
  /** Sessions that the members belonged to when the list was first read as empty: they may have been made again since. */
  readonly owners: Map<string, string>;
  /** Of the lists before, bounded. */
  readonly members: Set<string>;
  readonly emptied: Emptied[];
  more: number;
  /** First list with members after the first empty one. */
  restored: Moment | null;
  readonly op: string;
}

type Ending = 'orderly' | 'expired' | 'unknown';

/**
 * Paths with consumers, and moments of one at which its list was emptied.
 * @bound paths
 */
const KEPT = 1000;
/**
 * Members of a list that are looked at.
 * @bound names
 */
const MEMBERS = 5000;
/**
 * Members of all lists that became empty, as empty-child-list knows them.
 * @bound bytes
 */
const MAX_BYTES = 4 * 1024 * 1024;
/**
 * Reads of lists that had become empty, of all paths.
 * @bound of them
 */
const MAX = 20_000;
/** What a name takes beside its characters, its owner among it. */
const MEMBER_BYTES = 100;

export const emptyChildList = defineRule({
  meta: {
    name: 'empty-child-list',
    summary: 'A list of children that had members is read as empty',
    documentation: {
      meaning:
        'A consumer (a load balancer, a worker) reads a list of providers, members or tasks that had children before, and now has none. Unless the client library protects itself, it has nobody left to talk to.',
      proof:
        'Two lists of one session, the later one empty, and members that went because their sessions expired or were lost. It weighs more the more consumers receive it.',
      lookalikes:
        'Lock and election directories, which are empty between owners; members that were deleted or whose sessions were closed on purpose; a single ephemeral that is replaced; the first read of a new service. Why members went which the capture does not show is unknown: info.',
      remedy:
        'Make consumers keep the last known list when a new one is empty (Dubbo and Spring Cloud have options for it), and repair the cause at the providers: see node-exists-swallowed, ephemeral-not-recreated and session-expired.',
    },
    options: {
      restored: {
        type: 'number',
        default: 5,
        unit: 'seconds',
        description: 'A list that has members again after less than this is a warning, not an error',
      },
    },
  },
  causes: [nodeExistsSwallowed, ephemeralNotRecreated, sessionExpired],
  create({ model, options, report, findingsOf, notKept }) {
    const paths = new Map<string, Path>();
    const room = new Room(MAX_BYTES);
    let kept = 0;

    function emptiedBy(view: View, read: Read, previous: ChildList, beforeTime: number): void {
      const { znode } = view;
      const { frame, time } = read;
      let path = paths.get(znode.path);
      if (path === undefined) {
        if (paths.size >= KEPT) {
          notKept();
          return;
        }
        path = {
          ...{ znode, owners: new Map(), members: new Set(), emptied: [], more: 0, restored: null },
          op: read.op,
        };
        paths.set(znode.path, path);
      }
      const first = path.emptied.length === 0;
      for (const name of previous.names) {
        if (path.members.size >= MEMBERS || path.members.has(name)) continue;
        if (!room.take(MEMBER_BYTES + nameBytes(name))) {
          notKept();
          break;
        }
        path.members.add(name);
        if (first) noteOwner(path, name);
      }
      const { size } = previous;
      const before = { frame: previous.frame, time: previous.time, size };
      if (kept >= MAX) notKept();
      if (path.emptied.length >= KEPT || kept >= MAX) path.more++;
      else {
        path.emptied.push({ session: view.session, before, read: { frame, time }, beforeTime });
        kept++;
      }
    }

    return {
      listRead(view, read, previous) {
        if (read.list === null) return;
        if (read.list.size > 0) {
          if (paths.size === 0) return;
          const path = paths.get(view.znode.path);
          if (path !== undefined) path.restored ??= { frame: read.frame, time: read.time };
          return;
        }
        const before = listOf(previous);
        if (before !== null && before.size > 0) emptiedBy(view, read, before, previous!.time);
      },
      end() {
        for (const path of paths.values()) judge(path);
      },
    };

    function noteOwner({ znode, owners }: Path, name: string): void {
      const owner = model.znode(childPath(znode.path, name))?.creation?.session ?? null;
      if (owner !== null) owners.set(name, owner);
    }

    function judge({ znode, owners, members, emptied, more, restored, op }: Path): void {
      const first = emptied[0];
      if (first === undefined) return;
      const endings = new Map<Ending, string[]>([
        ['orderly', []],
        ['expired', []],
        ['unknown', []],
      ]);
      for (const name of members)
        endings.get(endingOf(znode.path, name, owners.get(name) ?? null, first.read.time))!.push(name);
      const expired = endings.get('expired')!;
      const unknown = endings.get('unknown')!;
      // All of them went in good order, or it is a place for one at a time.
      if (expired.length === 0 && unknown.length === 0) return;
      const most = Math.max(...emptied.map(({ before }) => before.size));
      const healed = restored === null ? null : restored.time - first.read.time;
      if (most === 1 && healed !== null) return;
      const consumers = new Set(emptied.map(({ session }) => session));
      const lossy = emptied.some(({ session, beforeTime }) => session.uncertainSince(beforeTime));
      let severity: Severity = 'info';
      if (expired.length > 0 && !lossy) {
        const brief = healed !== null && healed < options.restored * 1e9;
        severity = consumers.size > 1 && !brief ? 'error' : 'warning';
      }
      const confidence: Confidence =
        lossy || expired.length === 0 ? 'possible' : unknown.length === 0 ? 'proven' : 'likely';
      const entries = emptied.map(({ session, before, read }): Affected => ({
        ...affectedBy(session),
        path: znode.path,
        frames: [before.frame, read.frame],
        before: before.size,
      }));
      const isMember = (e: Affected): boolean => e.path?.startsWith(`${znode.path}/`) === true;
      const cause =
        findingOn(findingsOf(nodeExistsSwallowed, ephemeralNotRecreated), isMember) ??
        (expired.length > 0 ? findingsOf(sessionExpired)[0] : undefined);
      const why =
        expired.length > 0
          ? `${plural(expired.length, 'member')} belonged to sessions that had expired or were lost`
          : 'why the members went is not in the capture';
      const evidence: Evidence[] = [
        {
          frame: first.before.frame,
          time: first.before.time,
          text: `${znode.path} has ${plural(first.before.size, 'child', 'children')}`,
        },
      ];
      const member = expired[0] === undefined ? undefined : model.znode(childPath(znode.path, expired[0]));
      if (member?.creation != null) {
        const { frame, time, session } = member.creation;
        evidence.push({ frame, time, text: `${member.path} is created by session ${session ?? 'unknown'}` });
      }
      evidence.push({
        frame: first.read.frame,
        time: first.read.time,
        text: `${op} of ${znode.path} is answered with no children`,
      });
      report({
        severity,
        confidence,
        title: 'List of children became empty',
        message: `${plural(consumers.size, 'consumer')} of ${znode.path} had ${plural(most, 'child', 'children')} and then read 0${healed === null ? '' : `, for ${duration(healed)}`}; ${why}${cause === undefined ? '' : ` (${cause.rule})`}.`,
        remedy: 'Keep the last known list when a new one is empty, and repair why the members went: see the cause.',
        ...(consumers.size === 1 ? { client: first.session.client, session: first.session.id } : {}),
        path: znode.path,
        from: first.read.time,
        to: restored?.time ?? emptied.at(-1)!.read.time,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        cause,
        data: {
          consumers: consumers.size,
          membersBefore: most,
          expired: listing(expired, 50),
          orderly: endings.get('orderly')!.length,
          unknown: unknown.length,
          ...(more > 0 ? { readsNotListed: more } : {}),
          ...affectedData(entries),
        },
      });
    }

    function endingOf(parent: string, name: string, was: string | null, time: number): Ending {
      const znode = model.znode(childPath(parent, name));
      const creator = znode?.creation?.session ?? null;
      // What became of the node that another session made in its place says nothing of this one.
      const replaced = was !== null && creator !== was;
      const cause = replaced ? undefined : znode?.deletion?.cause;
      if (cause === 'request' || cause === 'closeSession') return 'orderly';
      const id = was ?? creator;
      const owner = id === null ? undefined : model.sessions.find(id);
      if (!replaced && znode?.creation != null && znode.ephemeral === true && owner === undefined) return 'orderly';
      if (owner === undefined || owner.holes > 0) return 'unknown';
      if (owner.end === 'expired' || owner.end === 'lost') return 'expired';
      return !owner.connected && time - owner.lastRequestTime > owner.timeoutNs() / 2 ? 'expired' : 'unknown';
    }
  },
});

function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}
