import { duration, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import type { ChildNames } from '../../protocols/zookeeper/childLists.js';
import { OpCode, opcodesOf, opName } from '../../protocols/zookeeper/format/opcodes.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { seconds } from '../../observations/seconds.js';

/** A run of the same request on one connection, without a pause of a second. */
interface Run {
  opcode: number;
  /** PING for pings. */
  path: string;
  count: number;
  from: number;
  fromFrame: number;
  to: number;
  toFrame: number;
  /** What the answers said, once the run is long enough to ask. */
  answers: Answers | null;
}

/** The answers of a run: how many were looked at, how many differed from the one before, and the latest. */
class Answers {
  count = 0;
  changes = 0;
  /** Without error, and of what they said nothing was captured: unknown. */
  unseen = 0;
  err = 0;
  mzxid = -1;
  cversion = -1;
  list: ChildNames | null = null;

  add(m: ZooKeeperMessage): void {
    const first = this.count++ === 0;
    let changed = m.err !== this.err;
    this.err = m.err;
    if (m.err === 0) {
      const stat = m.stat();
      const list = stat === null ? m.childNames() : null;
      if (stat !== null) {
        changed ||= stat.mzxid !== this.mzxid || stat.cversion !== this.cversion;
        this.mzxid = stat.mzxid;
        this.cversion = stat.cversion;
      } else if (list !== null) {
        changed ||= this.list?.equals(list) !== true;
        this.list = list;
      } else if (m.request !== null && READS.has(m.request.opcode)) this.unseen++;
      // A write that succeeds is a change.
      else changed = true;
    }
    if (changed && !first) this.changes++;
  }
}

interface Loop {
  readonly run: Run;
  readonly entry: Affected;
  readonly pings: boolean;
  readonly timeout: number | null;
}

const SLOTS = 8;
/** Paths up to this length are shared with others, or short. */
const LONG = 128;
/**
 * Longer ones of all connections together; beyond it no loop is looked for on them.
 * @bound bytes
 */
const MAX_LONG = 8 * 1024 * 1024;
/** Stands for the path of a ping. */
const PING = '';
const PAUSE = 1e9;
/** Answers are compared from this length of a run on. */
const LOOK_FROM = 16;
/**
 * Loops, as hot-loop keeps them.
 * @bound of them
 */
const MAX = 5000;

const READS = opcodesOf('read');

export const hotLoop = defineRule({
  meta: {
    name: 'hot-loop',
    summary: 'One session sends the same request over and over, with the same answer',
    documentation: {
      meaning:
        'A loop without a pause: the same operation on the same path tens of times a second, although the answer does not change. It loads the server and the network for nothing, often because an error is not handled or a watch was forgotten. Pings far more often than a third of the session timeout are a milder case (info).',
      proof:
        'The requests of one connection with operation and path, their rate, and answers that do not change (same error, mzxid, cversion or list).',
      lookalikes:
        'A bulk load (each path once); getData of each child after an event; a poll once a second; writes, whose answer changes; Java, which pings a little more often than needed, and Go, which pings on a fixed ticker even while busy.',
      remedy:
        'Use a watch instead of asking again (exists or getData with watch=true), and where a retry is meant let it wait longer each time (Curator ExponentialBackoffRetry, kazoo KazooRetry).',
    },
    options: {
      rate: {
        type: 'number',
        default: 20,
        min: 1,
        unit: 'per second',
        description: 'Requests a second from which on a run is a loop',
      },
      seconds: { type: 'number', default: 1.5, unit: 'seconds', description: 'Least duration of a run' },
      changes: {
        type: 'number',
        default: 0.1,
        min: 0,
        max: 1,
        unit: 'share of the answers',
        description: 'A run in which more of the answers than this differ from the one before is no loop',
      },
      pings: {
        type: 'number',
        default: 4,
        min: 1,
        unit: 'times',
        description: 'How many times more often than every third of the session timeout pings must come',
      },
    },
  },
  create({ model, options, report, notKept }) {
    /** Of open connections: the latest runs, each in the slot of its operation and path. */
    const runs = new Map<ClientConnection, (Run | null)[]>();
    /** Connections of which long paths were not kept. */
    const crowded = new WeakSet<ClientConnection>();
    /** Pings that come faster than one a second. */
    const quickPings = new Map<ClientConnection, Run>();
    const found: Loop[] = [];
    let latest: ClientConnection | null = null;
    let latestSlots: (Run | null)[] = [];
    /** Bytes of long paths. */
    let longPaths = 0;
    let more = 0;
    /** Runs long enough for their answers to count: nearly always none, and then no answer is looked at. */
    let long = 0;

    function judge(run: Run, connection: ClientConnection): void {
      const lasted = run.to - run.from;
      if (lasted < options.seconds * 1e9 || run.count / (lasted / 1e9) < options.rate) return;
      const err = run.answers?.err ?? 0;
      if (!READS.has(run.opcode) && err === 0) return;
      if (run.answers !== null && mayChange(run, run.answers) > run.answers.count * options.changes) return;
      keep(run, connection, false);
    }

    /** Answers that differ, and those that may: of which too little was captured, or nothing. */
    function mayChange(run: Run, { changes, unseen, count }: Answers): number {
      return changes + unseen + Math.max(0, run.count - LOOK_FROM - count);
    }

    function judgePings(run: Run, connection: ClientConnection): void {
      const lasted = run.to - run.from;
      if (lasted < options.seconds * 1e9) return;
      const timeout = connection.session?.timeout ?? 0;
      if (run.count >= 20 && (lasted / run.count) * options.pings <= (timeout * 1e6) / 3) keep(run, connection, true);
    }

    function keep(run: Run, connection: ClientConnection, pings: boolean): void {
      if (found.length >= MAX) {
        more++;
        notKept();
        return;
      }
      found.push({
        run,
        pings,
        timeout: connection.session?.timeout ?? null,
        entry: {
          client: connection.client,
          session: connection.session?.id ?? null,
          ...(run.path === PING ? {} : { path: run.path }),
          frames: [run.fromFrame, run.toFrame],
          requests: run.count,
          seconds: seconds(run.to - run.from),
        },
      });
    }

    function slotOf(opcode: number, path: string): number {
      const n = path.length;
      if (n === 0) return 0;
      return (opcode * 7 + n + path.charCodeAt(n - 1) * 3 + path.charCodeAt(n >> 1)) & (SLOTS - 1);
    }

    /** Slots are used again: one object for each, however many requests pass. */
    function begin(run: Run, m: ZooKeeperMessage, connection: ClientConnection, opcode: number, path: string): void {
      if (run.count >= LOOK_FROM) long--;
      let more = longBytes(path) - longBytes(run.path);
      if (more > 0 && longPaths + more > MAX_LONG) {
        // Once a connection, however many requests pass.
        if (!crowded.has(connection)) notKept();
        crowded.add(connection);
        path = '';
        more = -longBytes(run.path);
      }
      longPaths += more;
      run.opcode = opcode;
      run.path = path;
      run.count = 1;
      run.from = run.to = m.time;
      run.fromFrame = run.toFrame = m.frame;
      run.answers = null;
    }

    function ping(m: ZooKeeperMessage, connection: ClientConnection): void {
      const slow = connection.pingInterval >= PAUSE;
      // The usual case, whatever the number of connections.
      if (slow && quickPings.size === 0) return;
      const run = quickPings.get(connection);
      if (slow) {
        if (run === undefined) return;
        quickPings.delete(connection);
        judgePings(run, connection);
      } else if (run === undefined) {
        quickPings.set(connection, {
          opcode: OpCode.ping,
          path: PING,
          count: 2,
          from: m.time - connection.pingInterval,
          fromFrame: connection.previousPingFrame,
          to: m.time,
          toFrame: m.frame,
          answers: null,
        });
      } else {
        run.count++;
        run.to = m.time;
        run.toFrame = m.frame;
      }
    }

    function slotsOf(connection: ClientConnection): (Run | null)[] {
      if (connection === latest) return latestSlots;
      let slots = runs.get(connection);
      if (slots === undefined) runs.set(connection, (slots = new Array<Run | null>(SLOTS).fill(null)));
      latest = connection;
      latestSlots = slots;
      return slots;
    }

    function judgeAll(connection: ClientConnection): void {
      for (const run of runs.get(connection) ?? []) if (run !== null) judge(run, connection);
      const pings = quickPings.get(connection);
      if (pings !== undefined) judgePings(pings, connection);
    }

    function closed(connection: ClientConnection): void {
      judgeAll(connection);
      for (const run of runs.get(connection) ?? []) {
        if (run === null) continue;
        if (run.count >= LOOK_FROM) long--;
        longPaths -= longBytes(run.path);
      }
      runs.delete(connection);
      quickPings.delete(connection);
      if (latest === connection) latest = null;
    }

    return {
      request(m, connection) {
        const { opcode, path } = m;
        if (opcode === OpCode.ping) ping(m, connection);
        if (path === null || opcode === null) return;
        const slots = slotsOf(connection);
        const slot = slotOf(opcode, path);
        const run = slots[slot] ?? null;
        if (run === null) {
          begin((slots[slot] = newRun()), m, connection, opcode, path);
          return;
        }
        if (run.opcode === opcode && run.path === path && m.time - run.to < PAUSE) {
          if (++run.count === LOOK_FROM) long++;
          run.to = m.time;
          run.toFrame = m.frame;
          return;
        }
        if (run.count > LOOK_FROM) {
          // Another request that is only passing by does not end a run.
          if (run.path !== path && m.time - run.to < PAUSE / 10) return;
          judge({ ...run }, connection);
        }
        begin(run, m, connection, opcode, path);
      },
      response(m, connection) {
        if (long === 0) return;
        const request = m.request;
        if (request?.path == null) return;
        const run = slotsOf(connection)[slotOf(request.opcode, request.path)] ?? null;
        if (run === null || run.count < LOOK_FROM || run.path !== request.path || run.opcode !== request.opcode) return;
        (run.answers ??= new Answers()).add(m);
      },
      connectionClosed: closed,
      end() {
        const before = { found: found.length, more };
        for (const connection of model.connections.values()) judgeAll(connection);
        for (const group of incidents(
          found,
          (l) => `${l.run.opcode} ${l.run.path}`,
          (l) => l.run.from,
          60e9,
        )) {
          const { run, pings, timeout } = group.reduce((a, b) => (b.run.count > a.run.count ? b : a));
          const entries = group.map((l) => l.entry);
          const op = opName(run.opcode);
          const answers = run.answers;
          const lasted = run.to - run.from;
          const rate = Math.round(run.count / (lasted / 1e9));
          const who =
            group.length === 1 ? entries[0]!.client : plural(new Set(entries.map((e) => e.client)).size, 'client');
          const third = timeout === null ? 0 : timeout / 3;
          report({
            severity: pings ? 'info' : 'warning',
            confidence: (answers !== null && answers.changes > 0) || (!pings && answers === null) ? 'likely' : 'proven',
            title: pings ? 'Pings far more often than needed' : 'Hot loop',
            message: pings
              ? `${who} sent ${plural(run.count, 'ping')} in ${duration(lasted)}, one every ${duration(lasted / run.count)}, where one every ${duration(third * 1e6)} would do.`
              : `${who} sent ${op} of ${run.path} ${plural(run.count, 'time')} in ${duration(lasted)} (${rate} a second)${(answers?.err ?? 0) === 0 ? '; the answer does not change' : '; the answer is always the same error'}.`,
            remedy: pings
              ? 'Ping every third of the session timeout; see what the client library is told to do.'
              : 'Set a watch (watch=true) and wait for its event instead of asking again; let retries wait longer each time (ExponentialBackoffRetry in Curator, KazooRetry in kazoo).',
            ...subject(entries),
            from: run.from,
            to: run.to,
            evidence: [
              {
                frame: run.fromFrame,
                time: run.from,
                text: `the first ${op}${pings ? '' : ` of ${run.path}`}`,
              },
              { frame: run.toFrame, time: run.to, text: `the last of ${run.count}` },
            ],
            data: {
              op,
              requests: run.count,
              seconds: seconds(lasted),
              rate,
              ...(more > 0 ? { notListed: more } : {}),
              ...affectedData(entries),
            },
          });
        }
        // What goes on is judged again.
        found.length = before.found;
        more = before.more;
      },
    };
  },
});

function longBytes({ length }: string): number {
  return length > LONG ? length : 0;
}

function newRun(): Run {
  return { opcode: 0, path: '', count: 0, from: 0, fromFrame: 0, to: 0, toFrame: 0, answers: null };
}
