import { duration, listing, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import { zxidText } from '../../protocols/zookeeper/format/stat.js';
import { afterForgetting } from '../../model/bounds.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { seconds } from '../../observations/seconds.js';

/** The newest state of a znode (its data, or its list of children) that any answer has shown, and which was the first to show it. */
interface Newest {
  frame: number;
  time: number;
  /** mzxid of data, pzxid of a list. */
  zxid: number;
  czxid: number;
  server: string;
  /** When an answer was last looked at. */
  looked: number;
}

/** Reads of one session that showed an older state than another server had shown. */
interface Stale {
  readonly server: string;
  readonly client: string;
  readonly session: string | null;
  readonly path: string;
  readonly op: string;
  readonly newer: Newest;
  readonly request: Moment;
  readonly answer: Moment;
  readonly shown: number;
  reads: number;
  readonly frames: number[];
  last: Moment;
  oldest: number;
  /** zxids of the headers of these answers. */
  lowest: number;
  highest: number;
  lossy: boolean;
}

/**
 * Paths whose newest state is known, of data and of lists each.
 * @bound paths
 */
const MAX_PATHS = 20_000;
/**
 * Stale reads, as stale-read keeps them.
 * @bound of them
 */
const MAX = 5000;
const FRAMES = 50;
const FEW = 2;
const SECOND = 1e9;
/** Nanoseconds: a server that was behind is watched for so long. */
const LAGS_ON = 60e9;

/** Highest zxid that any server had shown by `olderUntil`, by `beforeUntil`, and has shown by now; -Infinity while none. */
class Shown {
  older = -Infinity;
  olderUntil = -Infinity;
  before = -Infinity;
  beforeUntil = -Infinity;
  latest = -Infinity;
  /** Until then some server is taken to lag. */
  lagsUntil = -Infinity;
}

export const staleRead = defineRule({
  meta: {
    name: 'stale-read',
    summary: 'A server answers a read with an older state than another server has shown before',
    documentation: {
      meaning:
        'A follower that lags behind its leader answers reads from what it has. ZooKeeper allows that: somebody who reads there decides on an old state, although others have seen the new one. The finding says that such decisions were possible, not that a server broke.',
      proof:
        'Two answers for the same path through two servers: the later one has a lower mzxid (data) or pzxid (children), and its request was sent well after the newer state had been shown; no sync of that session in between. NoNode counts where the answer’s zxid is below that of the create, and nothing has removed the znode.',
      lookalikes:
        'A read that was sent before the newer answer was seen; a read after a sync; a few milliseconds of lag, as every follower has; NoNode of an ephemeral whose session ended; two ensembles with the same paths.',
      remedy:
        'Where a decision depends on the newest state, call sync on the path before the read. If one server lags all the time, see its connection to the leader (port 2888) and its disk.',
    },
    options: {
      lag: { type: 'number', default: 0.1, min: 0, unit: 'seconds', description: 'How old an answer has to be' },
    },
  },
  create({ model, options, report, notKept }) {
    const lag = options.lag * 1e9;
    const data = new Map<string, Newest>();
    const lists = new Map<string, Newest>();
    /** Servers that have shown the same zxid of the same path: of one ensemble. */
    const related = new Set<string>();
    const shown = new Shown();
    const synced = new Map<ClientConnection, number>();
    const found = new Map<string, Stale>();

    /**
     * What reads show is looked at only while some server is behind what another one had shown well before: most servers
     * are level nearly always.
     */
    function level(m: ZooKeeperMessage): void {
      if (m.zxid < shown.older && m.zxid >= 0 && m.request!.time - shown.olderUntil > lag / 2)
        shown.lagsUntil = m.time + LAGS_ON;
      if (m.time - shown.beforeUntil >= lag / 2) {
        shown.older = shown.before;
        shown.olderUntil = shown.beforeUntil;
        shown.before = shown.latest;
        shown.beforeUntil = m.time;
      }
      if (m.zxid > shown.latest) shown.latest = m.zxid;
    }

    function note(
      newest: Map<string, Newest>,
      path: string,
      zxid: number,
      czxid: number,
      m: ZooKeeperMessage,
      connection: ClientConnection,
    ): void {
      const server = connection.server.address;
      const known = newest.get(path);
      if (known !== undefined) {
        known.looked = m.time;
        if (zxid < known.zxid) return;
        if (zxid === known.zxid) {
          if (known.server !== server && related.size < MAX) related.add(pair(known.server, server));
          return;
        }
        known.zxid = zxid;
        known.czxid = czxid;
        known.server = server;
        known.frame = m.frame;
        known.time = m.time;
        return;
      }
      if (newest.size >= MAX_PATHS) forget(newest);
      newest.set(path, {
        zxid,
        czxid,
        server,
        frame: m.frame,
        time: m.time,
        looked: m.time,
      });
    }

    function read(m: ZooKeeperMessage, connection: ClientConnection, path: string): void {
      const request = m.request!;
      const children = request.opcode === OpCode.getChildren2;
      const newest = children ? lists : data;
      const known = newest.get(path);
      if (known !== undefined) {
        const older = m.zxid < known.zxid && known.server !== connection.server.address;
        const late = request.time - known.time > lag;
        // Most reads show what is known: a look at each path now and then is enough to learn of something newer.
        if (!(older && late) && m.time - known.looked < lag / 2) return;
        if (older) {
          if (!late) return;
          const stat = m.stat();
          if (stat !== null) {
            const zxid = children ? stat.pzxid : stat.mzxid;
            if (zxid < known.zxid) stale(m, connection, path, known, zxid);
          }
          return;
        }
      }
      const stat = m.stat();
      if (stat !== null) note(newest, path, children ? stat.pzxid : stat.mzxid, stat.czxid, m, connection);
    }

    /** NoNode before the create: only where nobody can have removed the znode since. */
    function absent(m: ZooKeeperMessage, connection: ClientConnection, path: string): void {
      const known = data.get(path);
      if (known === undefined || known.server === connection.server.address || m.zxid < 0) return;
      if (m.zxid >= known.czxid || m.request!.time - known.time <= lag) return;
      const znode = model.znode(path);
      if (znode?.exists !== true) return;
      if (znode.ephemeral !== false) {
        const owner = znode.owner === null ? undefined : model.sessions.find(znode.owner);
        if (owner?.end !== 'open' || owner.closing !== null || !owner.connected) return;
        if (m.time - owner.lastRequestTime > owner.timeoutNs() / 2) return;
      }
      stale(m, connection, path, known, -1);
    }

    function stale(
      m: ZooKeeperMessage,
      connection: ClientConnection,
      path: string,
      newer: Newest,
      shown: number,
    ): void {
      if ((synced.get(connection) ?? -1) >= newer.time) return;
      if (connection.lastGap !== null && connection.lastGap.time >= newer.time) return;
      const request = m.request!;
      const session = connection.session?.id ?? null;
      const server = connection.server.address;
      const key = `${server} ${session ?? connection.id} ${path}`;
      const age = request.time - newer.time;
      let entry = found.get(key);
      if (entry === undefined) {
        if (found.size >= MAX) {
          notKept();
          return;
        }
        entry = {
          ...{ server, client: connection.client, session, path, op: request.op, newer: { ...newer }, shown },
          request: { frame: request.frame, time: request.time },
          answer: { frame: m.frame, time: m.time },
          last: { frame: m.frame, time: m.time },
          ...{ reads: 0, frames: [], oldest: 0, lowest: m.zxid, highest: m.zxid, lossy: false },
        };
        found.set(key, entry);
      }
      entry.reads++;
      if (entry.frames.length < FRAMES) entry.frames.push(m.frame);
      entry.last = { frame: m.frame, time: m.time };
      entry.oldest = Math.max(entry.oldest, age);
      entry.lowest = Math.min(entry.lowest, m.zxid);
      entry.highest = Math.max(entry.highest, m.zxid);
      if (connection.gaps > 0) entry.lossy = true;
    }

    return {
      withoutPings: true,
      response(m, connection) {
        const request = m.request;
        // One server alone can be compared with nobody.
        if (request === null || model.servers.size < 2) return;
        const path = request.path;
        level(m);
        switch (request.opcode) {
          case OpCode.getData:
          case OpCode.exists:
          case OpCode.getChildren2:
          case OpCode.getChildren:
            if (path === null || m.time > shown.lagsUntil) return;
            if (m.err === ErrorCode.NoNode) absent(m, connection, path);
            else if (m.err === 0 && request.opcode !== OpCode.getChildren) read(m, connection, path);
            return;
          case OpCode.setData:
            if (m.err === 0 && path !== null) note(data, path, m.zxid, data.get(path)?.czxid ?? -1, m, connection);
            return;
          case OpCode.create:
          case OpCode.create2:
          case OpCode.createContainer:
          case OpCode.createTTL: {
            const created = m.err === 0 && request.flags === 0 ? path : null;
            if (created !== null) note(data, created, m.zxid, m.zxid, m, connection);
            return;
          }
          case OpCode.delete:
          case OpCode.deleteContainer:
            if (m.err === 0 && path !== null) {
              data.delete(path);
              lists.delete(path);
            }
            return;
          case OpCode.sync:
            synced.set(connection, m.time);
            return;
          default:
        }
      },
      connectionClosed(connection) {
        synced.delete(connection);
      },
      end() {
        for (const session of model.sessions.all()) {
          for (const server of session.servers) related.add(pair(session.servers[0]!, server));
        }
        const known = [...found.values()].filter((s) => sameEnsemble(s.server, s.newer.server));
        // A server whose zxid stands still lags as a whole: that is one story, whatever was read there.
        const still = known.filter((s) => s.lowest === s.highest && s.reads > 1);
        for (const group of incidents(
          still,
          (s) => s.server,
          (s) => s.answer.time,
          60e9,
        ))
          tell(group, true);
        for (const one of known) if (!still.includes(one)) tell([one], false);
      },
    };

    function sameEnsemble(a: string, b: string): boolean {
      const reached = new Set([a]);
      for (const server of reached) {
        for (const other of model.servers.keys()) if (related.has(pair(server, other))) reached.add(other);
      }
      return reached.has(b);
    }

    function tell(group: readonly Stale[], still: boolean): void {
      const first = group[0]!;
      const worst = group.reduce((a, b) => (b.oldest > a.oldest ? b : a));
      const reads = group.reduce((sum, s) => sum + s.reads, 0);
      const entries = group.map((s): Affected => ({
        ...{ client: s.client, session: s.session, path: s.path, frames: s.frames },
        ...{ reads: s.reads, oldest: seconds(s.oldest), newer: s.newer.frame },
      }));
      const paths = new Set(group.map((s) => s.path));
      const sessions = new Set(group.map((s) => s.session ?? s.client));
      const clients = [...new Set(group.map((s) => s.client))];
      const who = sessions.size === 1 ? first.client : `${plural(sessions.size, 'session')} of ${listing(clients)}`;
      const few = worst.oldest < SECOND && reads <= FEW;
      const to = Math.max(...group.map((s) => s.last.time));
      const showed = (zxid: number, op: string): string =>
        zxid < 0 ? 'NoNode' : `${op === 'getChildren2' ? 'pzxid' : 'mzxid'} ${zxidText(zxid)}`;
      const evidence: Evidence[] = [
        {
          frame: worst.newer.frame,
          time: worst.newer.time,
          text: `${worst.newer.server} shows ${showed(worst.newer.zxid, worst.op)} of ${worst.path}`,
        },
        { ...worst.request, text: `${worst.client} asks ${worst.server} for ${worst.path} (${worst.op})` },
        { ...worst.answer, text: `the answer shows ${showed(worst.shown, worst.op)}` },
      ];
      if (worst.last.frame > worst.answer.frame)
        evidence.push({ ...worst.last, text: `the last of ${plural(worst.reads, 'such answer')}` });
      report({
        severity: few ? 'info' : 'warning',
        confidence: group.every((s) => s.lossy) ? 'likely' : 'proven',
        title: still ? `${first.server} lags behind the others` : 'A read showed an old state',
        message: `${first.server} answered ${plural(reads, 'read')} by ${who} (${paths.size === 1 ? first.path : plural(paths.size, 'path')}) with an older state than ${worst.newer.server} had shown, up to ${duration(worst.oldest)} before${still ? `; its zxid stood still at ${zxidText(worst.highest)}` : ''}.`,
        remedy:
          'Call sync before reads on which a decision depends; and see why that server lags (its connection to the leader, its disk).',
        ...subject(entries),
        server: first.server,
        from: worst.newer.time < first.request.time ? first.request.time : worst.newer.time,
        to,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          reads,
          oldest: seconds(worst.oldest),
          serverLags: still,
          paths: [...paths].slice(0, 100),
          ...affectedData(entries),
        },
      });
    }
  },
});

function pair(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function forget(newest: Map<string, Newest>): void {
  const wanted = afterForgetting(MAX_PATHS);
  for (const path of newest.keys()) {
    if (newest.size <= wanted) return;
    newest.delete(path);
  }
}
