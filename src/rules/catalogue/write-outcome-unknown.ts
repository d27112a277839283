import { duration, listing } from '../../observations/words.js';
import { parentOf, type ClientConnection } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { ErrorCode, errorName } from '../../protocols/zookeeper/format/errors.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { isCreate, OpCode, watchingReads } from '../../protocols/zookeeper/format/opcodes.js';
import { isSequential } from '../../protocols/zookeeper/format/enums.js';
import type { Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, findingOn, incidents, subject } from '../support/affected.js';
import { endingOf } from '../support/ending.js';
import { failedOperation, type FailedOperation } from '../support/failedOperation.js';
import { WRITES } from '../support/operations.js';
import { connectRefused } from './connect-refused.js';
import { leaderElection } from './leader-election.js';
import { oversize } from './oversize.js';
import { quorumLost } from './quorum-lost.js';
import { serverStall } from './server-stall.js';

type Outcome = 'applied' | 'not applied' | 'unknown';

/** What a write does to one path: itself, or an operation of a multi. */
interface Effect {
  readonly op: string;
  readonly path: string;
  readonly flags: number;
  /** Data version of the path by the answered writes and Stats until then; -1 unknown. */
  readonly version: number;
}

/** A write whose connection ended without an answer. */
interface Lost {
  readonly connection: ClientConnection;
  readonly client: string;
  readonly ip: string;
  readonly session: string | null;
  readonly server: string;
  readonly request: ZooKeeperRequest;
  readonly path: string;
  readonly end: Moment & { readonly text: string };
  readonly acknowledged: Moment | null;
  readonly lossy: boolean;
  readonly effects: readonly Effect[];
  /** Sequential create: the latest number that was given in that directory before; -1 for none, null unknown. */
  readonly number: number | null;
  /** The number that the repeated create got; -1 while there is none. */
  again: number;
  /** It was done twice: by version, or by a node whose name nobody was told. */
  twice: 'version' | 'node' | null;
  outcome: Outcome;
  proof: (Moment & { readonly text: string }) | null;
}

/**
 * Writes without an answer, as write-outcome-unknown keeps them.
 * @bound of them
 */
const MAX = 5000;
/**
 * Paths whose version is known.
 * @bound paths
 */
const MAX_PATHS = 20_000;
/** Connections that one event ended. */
const APART = 10e9;
const SHOWN = 4;
const SEQUENCE = /\d{10}$/;
const MAX_OPS = 64;
/** Nanoseconds between the end of a connection and the first refused SYN of a server that ended. */
const REFUSED_AFTER = 10e9;

export const writeOutcomeUnknown = defineRule({
  meta: {
    name: 'write-outcome-unknown',
    summary: 'A connection ended while a write waited for its answer: it may have been applied or not',
    documentation: {
      meaning:
        'The server’s TCP had the write, the connection ended, no answer came. The client cannot know whether it was applied; one that simply repeats it may do it twice. What became of it is said where the capture shows it: applied, not applied, or unknown. An error where the repetition left a sequential node whose name nobody was told: it stays, or blocks those who wait behind it. A version that counts a write twice is said, and a warning: the same value set twice hurts only who counts.',
      proof:
        'The request, the acknowledgement of its last byte, and the frame that ended the connection. Likely where no acknowledgement was captured. The outcome: the answer to the same write repeated (NodeExists, NoNode, BadVersion, or success where it could not have succeeded), and the versions in the Stats of answered writes; of a multi the result of the operation that failed in its repetition; of a sequential create a list with a number that no answer gave.',
      lookalikes:
        'Reads and pings under way; a write answered late; closeSession; a write that nobody read because the server had closed before; a request that is too long (oversize: it was not applied); the end of the capture, or a gap in it.',
      remedy:
        'Make writes safe to repeat: create with a name of your own (Curator withProtection), setData with the version, a check in a multi; after a lost connection read before you write again.',
    },
    options: {
      grace: {
        type: 'number',
        default: 1,
        unit: 'seconds',
        description: 'How much of the capture has to follow the write',
      },
    },
  },
  causes: [oversize, quorumLost, serverStall, connectRefused, leaderElection],
  create({ model, options, report, findingsOf, notKept }) {
    const lost: Lost[] = [];
    /** Of those, by path, whose outcome is looked for. */
    const open = new Map<string, Lost[]>();
    /** Data version of paths, by the answered writes. */
    const versions = new Map<string, number>();
    /** Sequential creates that were repeated, by directory: a list may show that both were done. */
    const repeats = new Map<string, Lost[]>();
    /** Versions were too many to keep: a path that is not among them may have had any. */
    let forgotten = false;
    let more = 0;

    function note(path: string, version: number): void {
      if (versions.size >= MAX_PATHS && !versions.has(path)) {
        versions.clear();
        forgotten = true;
      }
      versions.set(path, version);
    }

    /** A path was created: its version is 0, which is kept only where another one was known. */
    function made(path: string): void {
      if (versions.has(path)) versions.set(path, 0);
    }

    function versionOf(path: string): number {
      const known = versions.get(path);
      if (known !== undefined) return known;
      return !forgotten && model.znode(path)?.creation != null ? 0 : -1;
    }

    function closed(connection: ClientConnection): void {
      const ending = endingOf(connection);
      if (ending === null || connection.outstanding.size === 0) return;
      // The whole other direction is missing, or bytes of it were lost: it may have been answered.
      if (connection.responses === 0 || (connection.gaps > 0 && connection.tcp.toClient.gapBytes > 0)) return;
      const { toServer, toClient } = connection.tcp;
      const byServer = toClient.fin ?? toClient.rst;
      for (const request of connection.outstanding) {
        if (!WRITES.has(request.opcode) || request.opcode === OpCode.closeSession) continue;
        const path = pathOf(request);
        if (path === undefined) continue;
        // Sent after the server had closed: nobody read it.
        if (byServer !== null && byServer.frame < request.frame) continue;
        const arrived = toServer.acked >= request.streamEnd;
        if (!arrived && toClient.rst !== null && toServer.acked < request.streamEnd - request.length - 4) continue;
        if (connection.lastGap !== null && connection.lastGap.time >= request.time) continue;
        if (model.lastTime - request.time < options.grace * 1e9 && connection.tcp.end === 'open') continue;
        if (lost.length >= MAX) {
          more++;
          notKept();
          continue;
        }
        const acknowledged =
          arrived && toServer.ackedFrame >= request.frame
            ? { frame: toServer.ackedFrame, time: toServer.ackedTime }
            : null;
        const one: Lost = {
          ...{ connection, client: connection.client, ip: connection.host.ip, session: connection.session?.id ?? null },
          // Of several operations only their effects are needed.
          ...{ server: connection.server.address, request: { ...request, body: null }, path },
          end: { frame: ending.frame, time: ending.time, text: `${ending.kind} of the ${ending.by}` },
          acknowledged: arrived ? (acknowledged ?? { frame: request.frame, time: request.time }) : null,
          lossy: connection.gaps > 0,
          effects: effectsOf(request).map((effect) => ({ ...effect, version: versionOf(effect.path) })),
          number: numberBefore(path, request.time),
          ...{ again: -1, twice: null, outcome: 'unknown', proof: null },
        };
        lost.push(one);
        for (const at of new Set([path, ...one.effects.map((effect) => effect.path)]))
          open.set(at, [...(open.get(at) ?? []), one]);
      }
    }

    /** The same client sends the same write again. */
    function isRepetition(one: Lost, request: ZooKeeperRequest, connection: ClientConnection): boolean {
      if (one.outcome !== 'unknown' || request.time <= one.request.time || connection === one.connection) return false;
      const own = connection.session?.id === one.session || connection.host.ip === one.ip;
      return (
        own && request.op === one.request.op && pathOf(request) === one.path && request.length === one.request.length
      );
    }

    function settle(one: Lost, outcome: Outcome, frame: number, time: number, text: string): void {
      one.outcome = outcome;
      one.proof = { frame, time, text };
    }

    return {
      responsesWanted: { opcodes: [...WRITES, ...watchingReads] },
      response(m, connection) {
        // What only settles what became of a write: mostly there is none.
        if (open.size === 0 && !WRITES.has(m.opcode ?? 0)) return;
        const request = m.request;
        if (m.opcode === OpCode.getChildren || m.opcode === OpCode.getChildren2) {
          childrenAnswered(m);
          return;
        }
        if (request?.opcode === OpCode.multi) multiAnswered(m, request, connection);
        if (request?.path == null) return;
        const waiting = open.size === 0 ? undefined : open.get(request.path);
        const { opcode } = request;
        if (waiting !== undefined && WRITES.has(opcode)) {
          for (const one of waiting)
            if (isRepetition(one, request, connection)) repeated(one, m.err, m.path, m.frame, m.time, request);
        }
        if (m.err !== 0) return;
        if (opcode === OpCode.setData) {
          const stat = m.stat();
          if (stat !== null) dataSet(request, request.path, stat.version, m, connection);
        } else if (opcode === OpCode.create || opcode === OpCode.create2) {
          made(m.path ?? request.path);
        } else if (waiting !== undefined && (opcode === OpCode.getData || opcode === OpCode.exists)) {
          const stat = m.stat();
          if (stat === null) return;
          for (const one of waiting) settleByVersion(one, request.path, stat.version, m, false);
        }
      },
      connectionClosed: closed,
      end() {
        for (const connection of model.connections.values()) if (connection.tcp.end !== 'open') closed(connection);
        const tooLong = findingsOf(oversize);
        const told = lost.filter(
          (one) =>
            findingOn(
              tooLong,
              (e) =>
                e.client === one.client || (e.session !== null && e.session === one.session && e.path === one.path),
            ) === undefined,
        );
        for (const group of incidents(
          told,
          (one) => one.server,
          (one) => one.end.time,
          APART,
        ))
          tell(group);
      },
    };

    /** The latest number given in the directory of a sequential create before it, where the capture shows it. */
    function numberBefore(path: string, time: number): number | null {
      const parent = model.znode(parentOf(path) ?? '/');
      // The directory was made in this capture: no number was given before.
      let number = parent?.creation != null && parent.creation.time < time ? -1 : null;
      for (const { kind, child, time: made } of parent?.childChanges ?? []) {
        const digits = kind === 'create' && made < time && child !== null ? SEQUENCE.exec(child) : null;
        if (digits !== null) number = Math.max(number ?? -1, Number(digits[0]));
      }
      return number;
    }

    /** A list shows a node that the unanswered create made: no answer named it to anybody. */
    function listed(one: Lost, names: readonly string[], at: Moment): void {
      if (one.number === null) return;
      const slash = one.path.lastIndexOf('/');
      const [parent, base] = [one.path.slice(0, slash), one.path.slice(slash + 1)];
      for (const name of names) {
        const digits = name.startsWith(base) && name.length === base.length + 10 ? SEQUENCE.exec(name) : null;
        const number = digits === null ? -1 : Number(digits[0]);
        if (number <= one.number || number >= one.again || model.znode(`${parent}/${name}`)?.creation != null) continue;
        one.outcome = 'unknown';
        settle(one, 'applied', at.frame, at.time, `the list holds ${name}, a name that no answer gave to anybody`);
        one.twice = 'node';
        return;
      }
    }

    function childrenAnswered(m: ZooKeeperMessage): void {
      const path = m.request?.path;
      const waiting = path == null || repeats.size === 0 ? undefined : repeats.get(path);
      const names = waiting === undefined || m.err !== 0 ? null : (m.childNames()?.names ?? null);
      if (names === null) return;
      for (const one of waiting!) if (one.twice === null) listed(one, names, { frame: m.frame, time: m.time });
    }

    function dataSet(
      request: ZooKeeperRequest,
      path: string,
      version: number,
      at: Moment,
      connection: ClientConnection,
    ): void {
      for (const one of open.get(path) ?? []) {
        const again = isRepetition(one, request, connection);
        if (settleByVersion(one, path, version, at, true) && again) one.twice = 'version';
      }
      note(path, version);
    }

    /** The same multi again, or another one that wrote to the same paths. */
    function multiAnswered(m: ZooKeeperMessage, request: ZooKeeperRequest, connection: ClientConnection): void {
      const refused = failedOperation(m);
      for (const one of open.size === 0 ? [] : (open.get(pathOf(request) ?? '') ?? [])) {
        if (!isRepetition(one, request, connection)) continue;
        if (refused === null && m.err === 0) {
          if (one.effects.some((effect) => isOnce(effect, one.effects)))
            settle(one, 'not applied', m.frame, m.time, 'the repeated multi succeeds, as it could not have');
        } else if (refused !== null && tellsApplied(refused, one.effects))
          settle(
            one,
            'applied',
            m.frame,
            m.time,
            `the ${refused.op} in the repeated multi is answered ${errorName(refused.err)}`,
          );
      }
      if (refused !== null || m.err !== 0) return;
      const results = m.responseBody()?.ops ?? [];
      for (const [i, { op, path }] of (request.body?.ops ?? []).entries()) {
        const version = results[i]?.stat?.version;
        if (path === undefined) continue;
        if (op === 'setData' && version !== undefined) dataSet(request, path, version, m, connection);
        else if (isCreate(op)) made(results[i]?.path ?? path);
      }
    }

    function repeated(
      one: Lost,
      err: number,
      path: string | null,
      frame: number,
      time: number,
      request: ZooKeeperRequest,
    ): void {
      const create = isCreate(request.op);
      if (create && isSequential(request.flags)) {
        // It always succeeds; only number 0 says that nothing was made there before.
        const number = path === null ? null : (SEQUENCE.exec(path)?.[0] ?? null);
        if (err === 0 && number !== null && one.again < 0) {
          one.again = Number(number);
          const parent = parentOf(one.path) ?? '/';
          if (one.again > 0) repeats.set(parent, [...(repeats.get(parent) ?? []), one]);
        }
        if (one.again === 0) {
          settle(one, 'not applied', frame, time, `the repeated create gets number 0: nothing had been made there`);
        }
        return;
      }
      const already = create ? ErrorCode.NodeExists : request.op === 'delete' ? ErrorCode.NoNode : null;
      if (err !== 0 && err === already)
        settle(
          one,
          'applied',
          frame,
          time,
          `the repeated ${request.op} is answered ${create ? 'NodeExists' : 'NoNode'}`,
        );
      else if (err === 0 && already !== null)
        settle(one, 'not applied', frame, time, `the repeated ${request.op} succeeds, as it could not have`);
      else if (err === ErrorCode.BadVersion)
        settle(one, 'applied', frame, time, `the repeated ${request.op} is answered BadVersion`);
    }

    /** An answered setData, or a Stat, shows how many writes of the data there were. */
    function settleByVersion(one: Lost, path: string, now: number, at: Moment, write: boolean): boolean {
      if (one.outcome !== 'unknown') return false;
      const { frame, time } = at;
      const before = one.effects.find((effect) => effect.op === 'setData' && effect.path === path)?.version ?? -1;
      if (before < 0) return false;
      const expected = before + (write ? 1 : 0);
      if (now === expected && write)
        settle(
          one,
          'not applied',
          frame,
          time,
          `the next answered write makes version ${now}: only itself after ${before}`,
        );
      else if (now === expected + 1) {
        settle(
          one,
          'applied',
          frame,
          time,
          `version ${now}, where the answered writes explain ${expected}: the unanswered one counts`,
        );
        return true;
      }
      return false;
    }

    function tell(group: readonly Lost[]): void {
      const first = group[0]!;
      const { server } = first;
      const entries = group.map((one): Affected => ({
        ...{ client: one.client, session: one.session, path: one.path },
        frames: [one.request.frame, one.acknowledged?.frame, one.end.frame, one.proof?.frame].filter(
          (f) => f !== undefined,
        ),
        ...{ op: one.request.op, outcome: one.outcome },
        ...(one.twice === null ? {} : { twice: one.twice }),
      }));
      const from = Math.min(...group.map((one) => one.request.time));
      const to = Math.max(...group.map((one) => one.end.time));
      const outcomes = (['applied', 'not applied', 'unknown'] as const)
        .map((outcome) => ({ outcome, of: group.filter((one) => one.outcome === outcome).length }))
        .filter(({ of }) => of > 0);
      const evidence = group
        .slice(0, SHOWN)
        .flatMap((one): Evidence[] => [
          { frame: one.request.frame, time: one.request.time, text: `${one.request.op} of ${one.path}` },
          ...(one.acknowledged === null || one.acknowledged.frame === one.request.frame
            ? []
            : [{ ...one.acknowledged, text: `the server’s TCP has the ${one.request.op} of ${one.path}` }]),
          { ...one.end, text: `${one.end.text}: no answer came to ${one.client}` },
          ...(one.proof === null ? [] : [one.proof]),
        ]);
      const during = (f: Finding): boolean => f.from <= to && f.to >= from;
      const cause =
        findingsOf(quorumLost).find(during) ??
        findingsOf(serverStall).find((f) => f.server === server && during(f)) ??
        findingsOf(connectRefused).find((f) => f.server === server && f.to >= from && f.from <= to + REFUSED_AFTER) ??
        findingsOf(leaderElection).find(during);
      const nodes = group.filter(({ twice }) => twice === 'node').length;
      const acknowledged = group.some((one) => one.acknowledged !== null && !one.lossy);
      // Somebody whom the capture has not may have made the node.
      const proven = acknowledged && nodes === 0;
      const longest = duration(Math.max(...group.map((one) => one.end.time - one.request.time)));
      const late = `${longest} later, without an answer`;
      const had = !acknowledged ? '' : `; the server’s TCP had acknowledged ${group.length === 1 ? 'it' : 'them'}`;
      const each = group.map((one) => `${written(one)} by ${one.client} (${one.outcome})`);
      const sent =
        group.length === 1
          ? `${whose(first)} sent ${written(first)}, and its connection to ${server} ended ${late}${had}; ${becameOf(first)}.`
          : `${group.length} writes were under way when their connections to ${server} ended up to ${late}${had}; ${outcomeText(group)}: ${listing(each)}.`;
      const doubled = group.flatMap((one) => (one.twice === null ? [] : [twiceText(one)]));
      report({
        severity: nodes > 0 ? 'error' : 'warning',
        confidence: proven ? 'proven' : 'likely',
        title: `${group.length === 1 ? 'A write' : `${group.length} writes`} without an answer: ${outcomeText(group)}`,
        message: `${sent}${doubled.length === 0 ? '' : ` The repetition did it twice: ${listing(doubled)}.`}`,
        remedy:
          'After a lost connection read before you write again, and make writes safe to repeat (withProtection in Curator, setData with the version).',
        unrepaired:
          nodes > 0
            ? `${listing(group.flatMap((one) => (one.twice === 'node' ? [`a node of ${one.path}`] : [])))} that nobody knows of`
            : undefined,
        ...subject(entries),
        server,
        from,
        to,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          writes: group.length,
          outcome: outcomes.length === 1 ? outcomes[0]!.outcome : 'mixed',
          ...(doubled.length > 0 ? { doneTwice: doubled.length } : {}),
          acknowledged: group.filter((one) => one.acknowledged !== null).length,
          ...(more > 0 ? { notListed: more } : {}),
          ...affectedData(entries),
        },
        cause,
      });
    }
  },
});

/** Who sent it. */
function whose({ client, session }: Lost): string {
  return session === null ? client : `${client} (session ${session})`;
}

/** What was written. */
function written({ request, path }: Lost): string {
  return `${request.op} of ${path}`;
}

function becameOf({ outcome, proof }: Lost): string {
  if (outcome === 'unknown') return 'whether it was applied is not in the capture';
  return `it was ${outcome}${proof === null ? '' : ` (${proof.text})`}`;
}

/** How many came to what. */
function outcomeText(group: readonly Lost[]): string {
  const told = (['applied', 'not applied', 'unknown'] as const)
    .map((outcome) => ({ outcome, of: group.filter((one) => one.outcome === outcome).length }))
    .filter(({ of }) => of > 0);
  const [only] = told;
  if (told.length > 1) return listing(told.map(({ outcome, of }) => `${of} ${outcome}`));
  if (only?.outcome === 'unknown') return 'applied or not is unknown';
  return only?.outcome ?? '';
}

function twiceText(one: Lost): string {
  return one.twice === 'version'
    ? `${written(one)} by ${one.client} counts twice in the version`
    : `a node of ${one.path} by ${one.client} is there whose name nobody was told`;
}

/** What it is about; of a multi its first path. */
function pathOf({ path, body }: ZooKeeperRequest): string | undefined {
  return path ?? body?.ops?.find((op) => op.path !== undefined)?.path;
}

function effectsOf(request: ZooKeeperRequest): Omit<Effect, 'version'>[] {
  const { op, path, flags, body } = request;
  if (path !== null) return [{ op, path, flags }];
  return (body?.ops ?? [])
    .slice(0, MAX_OPS)
    .flatMap((one) => (one.path === undefined ? [] : [{ op: one.op, path: one.path, flags: one.flags ?? 0 }]));
}

/** Whether it can be done only once: the create or the delete of a path that the multi does nothing else to. */
function isOnce({ op, path, flags }: Effect, effects: readonly Effect[]): boolean {
  const once = op === 'delete' || (isCreate(op) && !isSequential(flags));
  return once && effects.filter((effect) => effect.path === path).length === 1;
}

/** Whether an operation of the repeated multi fails because of what the multi itself had done. */
function tellsApplied({ op, err, path }: FailedOperation, effects: readonly Effect[]): boolean {
  if (err === ErrorCode.NodeExists) return isCreate(op);
  if (err === ErrorCode.NoNode) return op === 'delete';
  return err === ErrorCode.BadVersion && effects.some((effect) => effect.op === 'setData' && effect.path === path);
}
