import { duration, listing, plural } from '../../observations/words.js';
import { type ClientConnection, parentOf } from '../../model/index.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import { isEphemeral, isSequential } from '../../protocols/zookeeper/format/enums.js';
import { isCreate, OpCode, watchingReads } from '../../protocols/zookeeper/format/opcodes.js';
import type { Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, findingOn, subject } from '../support/affected.js';
import { type FailedOperation, failedOperation } from '../support/failedOperation.js';
import { hotLoop } from './hot-loop.js';
import { Pace } from '../support/pace.js';
import { seconds } from '../../observations/seconds.js';

type Pattern = 'NodeExists' | 'NoNode' | 'BadVersion';

/** Errors of one pattern: of one session on a chain of paths, or (BadVersion) of all sessions on one path. */
class Waste {
  readonly pace: Pace;
  /** Requests of that operation on these paths while the errors came, those that succeeded included. */
  requests = 0;
  /** Errors of the present stretch by path. */
  paths = new Map<string, number>();
  ops = new Map<string, number>();
  /** Of errors: those that had a write of the same session between them and the one before. */
  besideWrites = 0;
  lossy = false;
  /** BadVersion: by session, how many of its conditional writes lost and how many there were. */
  sides = new Map<string, Side>();

  constructor(
    readonly pattern: Pattern,
    readonly client: string,
    readonly session: string | null,
    perSecond: number,
  ) {
    this.pace = new Pace(perSecond);
  }

  /** Paths and sessions that are kept. */
  get names(): number {
    return this.paths.size + this.sides.size;
  }

  begin(time: number, frame: number): void {
    this.pace.begin(time, frame);
    this.requests = this.besideWrites = 0;
    this.paths = new Map();
    this.ops = new Map();
    this.sides = new Map();
    this.lossy = false;
  }
}

interface Side {
  readonly client: string;
  readonly session: string | null;
  tried: number;
  lost: number;
}

/**
 * Paths with errors, as wasted-errors keeps them.
 * @bound of them
 */
const MAX = 20_000;
/**
 * Chains of failures that are told, and sides of one contest.
 * @bound findings
 */
const MAX_FOUND = 1000;
/**
 * Paths and sessions of all of these errors together.
 * @bound names
 */
const MAX_NAMES = 100_000;
/** Paths of one chain. */
const PATHS = 64;
/** A path that failed fewer times is another path each time. */
const REPEATED = 3;
const WRITES: ReadonlySet<number> = new Set([
  ...[OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL],
  ...[OpCode.delete, OpCode.setData, OpCode.multi],
]);

export const wastedErrors = defineRule({
  meta: {
    name: 'wasted-errors',
    summary: 'Most requests of a session on the same paths fail, again and again',
    documentation: {
      meaning:
        'Work for nothing, in one of three patterns. NodeExists: every write is preceded by creates of all its parents; each failed create is a write of the quorum all the same. NoNode: a client asks again and again whether a znode is there, where one exists with a watch would tell it. BadVersion: several sessions read, think and write one znode with its version, and most of them lose.',
      proof:
        'The answers -110, -101 or -103, counted against all requests of that operation on these paths in that time.',
      lookalikes:
        'Creating parents once at the start, or now and then with a statement; a question about an optional znode that belongs to each write; a question once a second; a lock or znode of its own for every item; an election’s losers; one-time waits with a watch; compare-and-set by one session alone; NoAuth (access-denied); a loop without a pause (hot-loop).',
      remedy:
        'NodeExists: create parents only after NoNode (Curator creatingParentsIfNeeded does so), and remember that they are there. NoNode: exists with watch=true once. BadVersion: one writer, a lock, or longer waits with chance in them after a loss.',
    },
    options: {
      share: {
        type: 'number',
        default: 0.5,
        min: 0,
        max: 1,
        unit: 'share of the requests',
        description: 'Share of the requests of that operation on these paths that fail',
      },
      answers: { type: 'number', default: 20, min: 2, unit: 'answers', description: 'How many must fail' },
      seconds: { type: 'number', default: 10, unit: 'seconds', description: 'Over how long a time' },
      rate: { type: 'number', default: 2, min: 0.1, unit: 'per second', description: 'How many fail a second' },
    },
  },
  causes: [hotLoop],
  create({ options, report, findingsOf, notKept }) {
    const wastes = new Map<string, Waste>();
    /** Latest write of a session that wastes, for questions that belong to writes. */
    const lastWrites = new Map<ClientConnection, number>();
    /** Paths with BadVersion, and paths with NoNode, as far as something of them is kept. */
    const contended = new Set<string>();
    const missing = new Set<string>();
    const found: Omit<Finding, 'rule'>[] = [];
    let names = 0;

    function who(connection: ClientConnection): string {
      return connection.session?.id ?? `connection ${connection.id}`;
    }

    /** Of a chain the topmost path that the session was refused before. */
    function chainOf(connection: ClientConnection, path: string): string {
      let top = path;
      for (let p = parentOf(path); p !== null && p !== '/'; p = parentOf(p)) {
        if (wastes.has(`NodeExists ${who(connection)} ${p}`)) top = p;
      }
      return top;
    }

    function wasteOf(pattern: Pattern, connection: ClientConnection, key: string): Waste | undefined {
      let waste = wastes.get(key);
      if (waste === undefined) {
        if (wastes.size >= MAX) forget();
        waste = new Waste(pattern, connection.client, connection.session?.id ?? null, options.rate);
        wastes.set(key, waste);
      }
      return waste;
    }

    /** The oldest eighth is judged and goes. */
    function forget(): void {
      let left = MAX >>> 3;
      for (const [key, waste] of wastes) {
        if (left-- <= 0) return;
        judge(waste);
        wastes.delete(key);
        names -= waste.names;
        for (const path of waste.paths.keys()) for (const known of [missing, contended]) known.delete(path);
      }
    }

    function failed(
      m: ZooKeeperMessage,
      connection: ClientConnection,
      { err, op, path, flags }: FailedOperation,
    ): void {
      const request = m.request!;
      let waste: Waste | undefined;
      if (err === ErrorCode.NodeExists) {
        // The losers of an election, and sequential znodes, are no parents.
        if (!isCreate(op) || isEphemeral(flags) || isSequential(flags)) return;
        waste = wasteOf('NodeExists', connection, `NodeExists ${who(connection)} ${chainOf(connection, path)}`);
      } else if (err === ErrorCode.NoNode) {
        if (!watchingReads.has(request.opcode) || request.watch) return;
        missing.add(path);
        waste = wasteOf('NoNode', connection, `NoNode ${who(connection)} ${path}`);
      } else if (err === ErrorCode.BadVersion) {
        contended.add(path);
        waste = wasteOf('BadVersion', connection, `BadVersion ${path}`);
      }
      if (waste === undefined) return;
      const { pace } = waste;
      const before = pace.to;
      if (pace.lasts(request.time)) pace.add(request.time, request.frame);
      else {
        judge(waste);
        names -= waste.names;
        waste.begin(request.time, request.frame);
      }
      waste.requests++;
      waste.ops.set(op, (waste.ops.get(op) ?? 0) + 1);
      const times = waste.paths.get(path);
      if (times !== undefined) waste.paths.set(path, times + 1);
      else if (waste.paths.size < PATHS && names < MAX_NAMES) {
        names++;
        waste.paths.set(path, 1);
      } else if (names >= MAX_NAMES) notKept();
      if (connection.gaps > 0) waste.lossy = true;
      if (waste.pattern === 'NoNode') {
        const wrote = lastWrites.get(connection);
        if (wrote === undefined) lastWrites.set(connection, -1);
        else if (wrote > before) waste.besideWrites++;
      } else if (waste.pattern === 'BadVersion') {
        const side = sideOf(waste, connection);
        side.tried++;
        side.lost++;
      }
    }

    function sideOf(waste: Waste, connection: ClientConnection): Side {
      const key = who(connection);
      let side = waste.sides.get(key);
      if (side === undefined) {
        side = { client: connection.client, session: connection.session?.id ?? null, tried: 0, lost: 0 };
        if (waste.sides.size < MAX_FOUND && names < MAX_NAMES) {
          names++;
          waste.sides.set(key, side);
        } else if (names >= MAX_NAMES) notKept();
      }
      return side;
    }

    /** An answer without an error: it counts where others of its kind fail. */
    function succeeded(m: ZooKeeperMessage, connection: ClientConnection): void {
      const { opcode, path, op, watch, time } = m.request!;
      if (path === null) return;
      let waste: Waste | undefined;
      if (opcode === OpCode.setData || opcode === OpCode.delete) {
        if (!contended.has(path)) return;
        waste = wastes.get(`BadVersion ${path}`);
        if (waste?.pace.lasts(time) === true) sideOf(waste, connection).tried++;
      } else if (watchingReads.has(opcode)) {
        if (!watch && missing.has(path)) waste = wastes.get(`NoNode ${who(connection)} ${path}`);
      } else if (isCreate(op)) {
        waste = wastes.get(`NodeExists ${who(connection)} ${chainOf(connection, path)}`);
        if (waste?.paths.has(path) === false) return;
      }
      if (waste?.pace.lasts(time) === true) waste.requests++;
    }

    function judge(waste: Waste): void {
      const { pace, requests, pattern } = waste;
      const errors = pace.count;
      if (errors < options.answers || pace.lasted < options.seconds * 1e9 || errors < options.share * requests) return;
      if (pattern === 'BadVersion' && [...waste.sides.values()].filter((side) => side.lost > 0).length < 2) return;
      // A question that goes with each write of its session is part of that write.
      if (pattern === 'NoNode' && waste.besideWrites * 2 >= errors) return;
      const repeated = [...waste.paths].filter(([, times]) => times >= REPEATED);
      const inRepeated = repeated.reduce((sum, [, times]) => sum + times, 0);
      if (inRepeated < options.answers || inRepeated < errors * options.share) return;
      if (found.length >= MAX_FOUND) {
        notKept();
        return;
      }
      repeated.sort((a, b) => b[1] - a[1]);
      found.push(
        finding(
          waste,
          repeated.map(([path]) => path).sort((a, b) => a.length - b.length),
        ),
      );
    }

    return {
      withoutPings: true,
      response(m, connection) {
        if (m.request === null) return;
        const { opcode } = m.request;
        if (lastWrites.size > 0 && WRITES.has(opcode) && lastWrites.has(connection)) {
          lastWrites.set(connection, m.request.time);
        }
        if (m.err === 0 && opcode !== OpCode.multi) {
          if (wastes.size > 0) succeeded(m, connection);
          return;
        }
        const refused = failedOperation(m);
        if (refused !== null) failed(m, connection, refused);
      },
      connectionClosed(connection) {
        lastWrites.delete(connection);
      },
      end() {
        const before = found.length;
        for (const waste of wastes.values()) judge(waste);
        for (const one of found) {
          // A loop without a pause is told as such.
          const loop = findingOn(findingsOf(hotLoop), (e) => e.client === one.client && e.path === one.path);
          if (loop === undefined) report(one);
        }
        // What goes on is judged again.
        found.length = before;
      },
    };
  },
});

function finding(waste: Waste, paths: readonly string[]): Omit<Finding, 'rule'> {
  const { pattern, pace, requests, sides, client, session } = waste;
  const deepest = paths.at(-1)!;
  const losers = [...sides.values()].sort((a, b) => b.lost - a.lost);
  const entries: Affected[] =
    pattern === 'BadVersion'
      ? losers.map((side) => ({
          client: side.client,
          session: side.session,
          path: deepest,
          frames: [],
          tried: side.tried,
          lost: side.lost,
          won: side.tried - side.lost,
        }))
      : [{ client, session, path: deepest, frames: [pace.fromFrame, pace.toFrame], errors: pace.count, requests }];
  const ops = [...waste.ops.keys()];
  const errors = pace.count;
  const lasted = duration(pace.lasted);
  const share = losers.slice(0, 4).map((side) => `${side.client} ${side.lost} of ${side.tried}`);
  const told: Record<Pattern, readonly [title: string, message: string, remedy: string]> = {
    NodeExists: [
      'Parents are created again before every write',
      `${client} got NodeExists for ${errors} of ${plural(requests, 'create')} of ${listing(paths)} in ${lasted}: each is a write of the quorum all the same.`,
      'Write first and create parents only after NoNode, or remember that they are there.',
    ],
    NoNode: [
      'A missing znode is asked for again and again',
      `${client} got NoNode for ${errors} of ${plural(requests, 'request')} (${listing(ops)} of ${deepest} without a watch) in ${lasted}, ${round(pace.rate)} a second: a failed read changes nothing, but one exists with a watch would do.`,
      'Ask once with exists and watch=true: it sets the watch although the znode is absent, and NodeCreated tells.',
    ],
    BadVersion: [
      'Writers of one znode get in each other’s way',
      `${errors} of ${plural(requests, 'conditional write')} of ${deepest} got BadVersion in ${lasted}, in ${plural(sides.size, 'session')} that write it at the same time (${share.join(', ')}${losers.length > 4 ? ', …' : ''}).`,
      'Let one session write it, take a lock, use a sequential znode or a counter recipe with growing, random waits after a loss.',
    ],
  };
  const [title, message, remedy] = told[pattern];
  return {
    severity: 'warning',
    confidence: waste.lossy ? 'likely' : 'proven',
    title,
    message,
    remedy,
    ...subject(entries),
    path: deepest,
    from: pace.from,
    to: pace.to,
    evidence: [
      { frame: pace.fromFrame, time: pace.from, text: `the first request answered ${pattern}` },
      { frame: pace.toFrame, time: pace.to, text: `the last of ${errors}` },
    ],
    data: {
      error: pattern,
      errors,
      requests,
      rate: round(pace.rate),
      seconds: seconds(pace.lasted),
      paths,
      ...affectedData(entries),
    },
  };
}

function round(rate: number): number {
  return Math.round(rate * 10) / 10;
}
