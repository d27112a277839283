import { duration, listing, numberText, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import type { ChildNames } from '../../protocols/zookeeper/childLists.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { OpCode, opName, watchingReads } from '../../protocols/zookeeper/format/opcodes.js';
import { parentOf } from '../../model/index.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, findingOn, incidents, subject } from '../support/affected.js';
import { hotLoop } from './hot-loop.js';
import { Pace } from '../support/pace.js';
import { seconds } from '../../observations/seconds.js';

/** Reads of one session on one path without a watch, as long as they come at the pace that is asked for. */
interface Poll {
  readonly opcode: number;
  readonly path: string;
  readonly pace: Pace;
  readonly client: string;
  readonly session: string | null;
  bytes: number;
  answers: number;
  changes: number;
  zxid: number;
  /** Of getChildren: how many names the latest answer had, and they themselves if they are few. */
  names: number;
  list: ChildNames | null;
  lossy: boolean;
}

interface Found {
  readonly opcode: number;
  readonly path: string;
  readonly requests: number;
  readonly rate: number;
  readonly changes: number;
  readonly from: number;
  readonly to: number;
  readonly fromFrame: number;
  readonly toFrame: number;
  readonly bytes: number;
  readonly lossy: boolean;
  readonly entry: Affected;
}

/** Places for reads that may become a poll, of all connections together: a power of two. */
const PLACES = 4096;
/** A read that came a few times at the pace keeps its place against others. */
const SETTLED = 4;
/** Of longer lists only the number of names is compared. */
const LONGEST_KEPT = 200;
/**
 * Polls, as poll-without-watch keeps them.
 * @bound of them
 */
const MAX = 2000;

/** A row a place, in columns: most of what is read touches this and nothing else. */
class Places {
  readonly connection = new Int32Array(PLACES);
  readonly opcode = new Int32Array(PLACES);
  readonly path = new Array<string>(PLACES).fill('');
  /** Reads since `from` (nanoseconds): a Pace in short, 0 where nothing was read. */
  readonly count = new Int32Array(PLACES);
  readonly from = new Float64Array(PLACES);
  readonly fromFrame = new Float64Array(PLACES);
}

export const pollWithoutWatch = defineRule({
  meta: {
    name: 'poll-without-watch',
    summary: 'A session asks for the same znode several times a second, without a watch, and it hardly ever changes',
    documentation: {
      meaning:
        'Polling: the same read of the same path over and over, where one read with a watch and one more after each event would do. Each poll costs a request and an answer, and a change is still seen late, by up to one interval.',
      proof:
        'The requests without a watch, their rate over the whole time, and answers whose mzxid (data) or pzxid (children) stays the same. getChildren has no Stat: there the lists are compared, which is likely and not proven.',
      lookalikes:
        'A value that changes with almost every read; reads with a watch after events; a short burst; a read every few seconds; many paths read once each; reads answered NoNode (wasted-errors); a loop without a pause (hot-loop).',
      remedy:
        'Read with watch=true and read again when the event comes (Curator NodeCache or CuratorCache, kazoo DataWatch and ChildrenWatch). Where polling is meant, poll less often.',
    },
    options: {
      rate: {
        type: 'number',
        default: 3,
        min: 0.1,
        unit: 'per second',
        description: 'Reads a second that make a poll',
      },
      seconds: { type: 'number', default: 10, unit: 'seconds', description: 'How long it has to go on' },
      perChange: {
        type: 'number',
        default: 20,
        min: 1,
        unit: 'requests per change',
        description: 'A value that changes more often than once in so many reads is worth reading',
      },
    },
  },
  causes: [hotLoop],
  create({ options, report, findingsOf, notKept }) {
    const places = new Places();
    /** Those that have settled, by their place; one that was pushed out stays until the place settles again. */
    const polls = new Map<number, Poll>();
    const found: Found[] = [];
    let more = 0;

    function place(connection: number, opcode: number, path: string): number {
      const n = path.length;
      let hash = connection * 31 + opcode * 7 + n;
      hash = hash * 33 + path.charCodeAt(n - 1);
      hash = hash * 33 + path.charCodeAt(n >> 1);
      hash = (hash * 33 + path.charCodeAt((n * 3) >> 2)) | 0;
      return (hash ^ (hash >>> 13)) & (PLACES - 1);
    }

    function begin(at: number, m: ZooKeeperMessage, connection: ClientConnection, opcode: number, path: string): void {
      const { time, frame } = m.request!;
      places.connection[at] = connection.id;
      places.opcode[at] = opcode;
      places.path[at] = path;
      places.count[at] = 1;
      places.from[at] = time;
      places.fromFrame[at] = frame;
    }

    /** Most reads become no poll: whose they are, and how the answers compare, is looked at from here on. */
    function settle(at: number, m: ZooKeeperMessage, connection: ClientConnection): Poll {
      const pace = new Pace(options.rate);
      pace.begin(places.from[at]!, places.fromFrame[at]!);
      pace.count = SETTLED - 1;
      pace.add(m.request!.time, m.request!.frame);
      return {
        ...{ opcode: places.opcode[at]!, path: places.path[at]!, pace },
        ...{ client: connection.client, session: connection.session?.id ?? null },
        ...{ bytes: 0, answers: 0, changes: 0, zxid: -1, names: -1, list: null, lossy: false },
      };
    }

    function goesOn(poll: Poll, m: ZooKeeperMessage, connection: ClientConnection): void {
      const request = m.request!;
      poll.pace.add(request.time, request.frame);
      poll.bytes += request.length + m.length;
      if (connection.gaps > 0) poll.lossy = true;
      compare(poll, m);
    }

    function compare(poll: Poll, m: ZooKeeperMessage): void {
      const stat = m.stat();
      if (stat !== null) {
        const zxid = poll.opcode === OpCode.getChildren2 ? stat.pzxid : stat.mzxid;
        if (poll.answers++ > 0 && zxid !== poll.zxid) poll.changes++;
        poll.zxid = zxid;
        return;
      }
      const names = m.childNames();
      if (names === null) return;
      if (poll.answers++ > 0 && (names.size !== poll.names || (poll.list !== null && !poll.list.equals(names)))) {
        poll.changes++;
      }
      poll.names = names.size;
      poll.list = names.size <= LONGEST_KEPT ? names : null;
    }

    function judge(poll: Poll): void {
      const { pace, path, opcode, answers, changes } = poll;
      if (pace.lasted < options.seconds * 1e9 || pace.rate < options.rate) return;
      if (answers < options.perChange || changes * options.perChange > answers) return;
      if (found.length >= MAX) {
        more++;
        notKept();
        return;
      }
      const { count: requests, rate, from, to, fromFrame, toFrame } = pace;
      const entry: Affected = {
        client: poll.client,
        session: poll.session,
        path,
        frames: [fromFrame, toFrame],
        op: opName(opcode),
        requests,
        rate: round(rate),
        changes,
        seconds: seconds(to - from),
      };
      found.push({
        opcode,
        path,
        requests,
        rate,
        changes,
        from,
        to,
        fromFrame,
        toFrame,
        bytes: poll.bytes,
        lossy: poll.lossy,
        entry,
      });
    }

    return {
      responsesWanted: { opcodes: [...watchingReads] },
      response(m, connection) {
        const request = m.request;
        if (request === null || request.watch || m.err !== 0 || request.path === null) return;
        const { opcode, path } = request;
        const at = place(connection.id, opcode, path);
        const seen = places.count[at]!;
        const lasts = seen > 0 && seen - ((request.time - places.from[at]!) / 1e9) * options.rate >= 0;
        const same =
          lasts && places.connection[at] === connection.id && places.opcode[at] === opcode && places.path[at] === path;
        if (same) {
          places.count[at] = seen + 1;
          if (seen >= SETTLED) goesOn(polls.get(at)!, m, connection);
          else if (seen === SETTLED - 1) polls.set(at, settle(at, m, connection));
        } else if (!lasts || seen < SETTLED) {
          if (seen > SETTLED) judge(polls.get(at)!);
          begin(at, m, connection, opcode, path);
        }
      },
      end() {
        const before = { found: found.length, more };
        for (const [at, poll] of polls) if (places.count[at]! > SETTLED) judge(poll);
        // A loop without a pause is told as such.
        const slower = found.filter(
          (f) =>
            findingOn(findingsOf(hotLoop), (e) => e.client === f.entry.client && (e.path ?? f.path) === f.path) ===
            undefined,
        );
        for (const group of incidents(
          slower,
          (f) => parentOf(f.path) ?? f.path,
          (f) => f.from,
        ))
          tell(group);
        // What goes on is judged again.
        found.length = before.found;
        more = before.more;
      },
    };

    function tell(group: readonly Found[]): void {
      const most = group.reduce((a, b) => (b.rate > a.rate ? b : a));
      const entries = group.map((f) => f.entry);
      const requests = group.reduce((sum, f) => sum + f.requests, 0);
      const changes = group.reduce((sum, f) => sum + f.changes, 0);
      const bytes = group.reduce((sum, f) => sum + f.bytes, 0);
      const from = Math.min(...group.map((f) => f.from));
      const to = Math.max(...group.map((f) => f.to));
      const paths = [...new Set(group.map((f) => f.path))];
      const clients = new Set(entries.map((e) => e.client));
      const who = clients.size === 1 ? entries[0]!.client : plural(clients.size, 'client');
      const compared = group.every((f) => f.opcode !== OpCode.getChildren && !f.lossy);
      const evidence = group
        .slice(0, 3)
        .flatMap((f): Evidence[] => [
          { frame: f.fromFrame, time: f.from, text: `the first ${opName(f.opcode)} of ${f.path} without a watch` },
          { frame: f.toFrame, time: f.to, text: `the last of ${f.requests}; ${changed(f.changes)}` },
        ])
        .sort((a, b) => a.frame - b.frame);
      report({
        severity: most.rate >= options.rate * 2 ? 'warning' : 'info',
        confidence: compared ? 'proven' : 'likely',
        title: 'Polling where a watch would do',
        message: `${who} read ${listing(paths)} ${plural(requests, 'time')} without a watch in ${duration(to - from)}, up to ${round(most.rate)} times a second; ${changes === 0 ? 'it never changed' : `${plural(changes, 'change')}, ${Math.round(requests / changes)} requests for each`} (${numberText(bytes)} bytes).`,
        remedy:
          'Read with watch=true once and again when its event comes (NodeCache or CuratorCache in Curator, DataWatch or ChildrenWatch in kazoo), or poll less often.',
        ...subject(entries),
        from,
        to,
        evidence,
        data: {
          requests,
          changes,
          rate: round(most.rate),
          bytes,
          paths,
          ...(more > 0 ? { notListed: more } : {}),
          ...affectedData(entries),
        },
      });
    }
  },
});

function changed(changes: number): string {
  return changes === 0 ? 'nothing changed in between' : `${plural(changes, 'change')} in between`;
}

function round(rate: number): number {
  return Math.round(rate * 10) / 10;
}
