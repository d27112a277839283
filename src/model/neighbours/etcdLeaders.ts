import type { ConnectionFacts, Moment } from '../../observations/connectionFacts.js';
import type { Gap } from '../../protocols/protocol.js';
import type { Message } from '../../protocols/registry.js';
import { hostOf } from '../../observations/filterPatterns.js';
import { leaderRefusal } from '../../protocols/etcd/refusals.js';
import type { EtcdMessage } from '../../protocols/etcd/message.js';

/**
 * Clusters of etcd that are told apart.
 * @bound clusters
 */
const MAX_CLUSTERS = 16;
/**
 * Addresses of etcd's members.
 * @bound members
 */
const MAX_MEMBERS = 256;
/**
 * Requests of etcd's clients that wait for an answer of a leader.
 * @bound requests
 */
const MAX_WAITING = 10_000;
/**
 * Requests that are kept of one time without a leader.
 * @bound requests
 */
const MAX_HIT = 500;
/**
 * Times without a leader that are kept.
 * @bound outages
 */
const MAX_OUTAGES = 50;
/** Changes of leader that are remembered. */
const MAX_LEADERS = 8;
/** Nanoseconds: an answer within them had no election to wait for (etcd's election timeout is a second by default). */
const PROMPT = 1e9;
/** Nanoseconds after which a member gives a request up, and some: 5 s and two election timeouts, by default. */
const TIMES_OUT = 8e9;

/** What a follower cannot do without its leader. Reads may be answered without. */
const NEED_LEADER: readonly (string | null)[] = [
  ...['KV/Put', 'KV/Txn', 'KV/DeleteRange', 'KV/Compact'],
  ...['LeaseGrant', 'LeaseRevoke', 'LeaseKeepAlive'],
];

/** A request of a client that had to wait for a leader. */
export interface LeaderRequest {
  readonly op: string;
  readonly client: string;
  readonly server: string;
  readonly asked: Moment;
  /** Null as long as nothing came. */
  answered: Moment | null;
  /** Its answer was an error: text of it, or name of its status. */
  error: string | null;
  /** Its connection ended, or bytes of it are missing: no answer can come that the capture shows. */
  over: boolean;
  /** The time without a leader that it belongs to. */
  outage: LeaderOutage | null;
}

/** An answer that only a cluster with a leader gives. */
export interface LedAnswer extends Moment {
  readonly server: string;
  readonly op: string;
  /** Raft term. */
  readonly term: number;
}

/** Nobody led a cluster, or nobody who answered. */
export interface LeaderOutage {
  /** The last prompt answer before; null if the capture has none. */
  readonly before: LedAnswer | null;
  /** The first answer behind; null if the capture has none. */
  readonly after: LedAnswer | null;
  /** When the first of `hit` was asked, but not before `before`. */
  readonly since: Moment;
  readonly hit: LeaderRequest[];
  /** Of `hit` that were not kept. */
  more: number;
  /** A member said that the leader was the reason. */
  said: boolean;
  /** Bytes of etcd's were missing since it began: what has no answer may have had one. */
  readonly lossy: boolean;
  /** Whom members forwarded renewals to (`POST /leases`), before and behind: addresses with ports. */
  readonly leaderBefore: string | null;
  leaderAfter: string | null;
}

interface Cluster {
  term: number;
  latest: LedAnswer | null;
  /** Answered late, or refused, since `latest`. */
  hit: LeaderRequest[];
  more: number;
  /** Some of them were refused for want of a leader; and a member said that this was the reason. */
  refused: boolean;
  said: boolean;
  /** Whom renewals were forwarded to, by the time of the first that it answered. */
  readonly leaders: { readonly server: string; readonly time: number }[];
  readonly outages: LeaderOutage[];
}

/**
 * Whether clusters of etcd had a leader, as their clients saw it: answers say their Raft term, and what only a leader can
 * decide is answered late, refused or not at all while there is none.
 */
export class EtcdLeaders {
  private readonly clusters = new Map<string, Cluster>();
  /** Cluster of a member, by its address without port. */
  private readonly members = new Map<string, Cluster>();
  private readonly waiting = new Map<EtcdMessage, LeaderRequest>();
  private readonly connections = new Map<number, Set<EtcdMessage>>();
  private kept = 0;
  /** Some of `waiting` are over. */
  private over = false;
  /** When bytes of etcd's were last found missing. */
  private lastGap = -Infinity;

  message(message: Message, connection: ConnectionFacts): void {
    if (message.protocol !== 'etcd') return;
    if (!message.ofClient) this.ofMember(message, connection);
    else if (message.kind === 'request') this.request(message, connection);
    else if (message.kind === 'response') this.response(message, connection);
  }

  /** Bytes are missing: answers may be among them. */
  gap({ id, protocol }: ConnectionFacts, { time }: Gap): void {
    if (protocol === 'etcd') this.lastGap = Math.max(this.lastGap, time);
    for (const message of this.connections.get(id) ?? []) this.waiting.delete(message);
    this.connections.delete(id);
  }

  closed({ id }: ConnectionFacts): void {
    for (const message of this.connections.get(id) ?? []) {
      const request = this.waiting.get(message);
      if (request === undefined) continue;
      request.over = true;
      this.over = true;
    }
    this.connections.delete(id);
  }

  /** All times without a leader, by the time at which they began; also those that go on. Changes nothing. */
  outages(): LeaderOutage[] {
    const found: LeaderOutage[] = [];
    for (const cluster of this.clusters.values()) {
      found.push(...cluster.outages);
      if (cluster.refused) found.push(this.outage(cluster, null));
    }
    return found.sort((a, b) => a.since.time - b.since.time);
  }

  private request(message: EtcdMessage, { id, client, server }: ConnectionFacts): void {
    if (!NEED_LEADER.includes(message.op)) return;
    if (this.waiting.size >= MAX_WAITING) this.forget();
    this.waiting.set(message, {
      op: message.op!,
      client: client.text,
      server: server.text,
      asked: { frame: message.frame, time: message.time },
      ...{ answered: null, error: null, over: false, outage: null },
    });
    let ofConnection = this.connections.get(id);
    if (ofConnection === undefined) this.connections.set(id, (ofConnection = new Set()));
    ofConnection.add(message);
  }

  private response(message: EtcdMessage, connection: ConnectionFacts): void {
    const { server } = connection;
    const { raftTerm, clusterId } = message.fields;
    const cluster = this.clusterOf(server.ip, clusterId);
    const request = this.taken(message, connection);
    if (request !== null) request.answered = { frame: message.frame, time: message.time };
    if (cluster === null) return;
    const refusal = message.error === null ? null : leaderRefusal(message.error);
    const failed = message.error !== null || (message.grpcStatus ?? 0) !== 0;
    if (failed && request !== null) request.error = message.error ?? 'an error';
    if (refusal !== null) {
      const { frame, time, op, error } = message;
      const answer = { frame, time };
      const alone = {
        op: op ?? 'gRPC',
        client: connection.client.text,
        server: server.text,
        over: false,
        outage: null,
      };
      this.refused(cluster, request ?? { ...alone, asked: answer, answered: answer, error }, refusal.named);
    } else if (request !== null && message.time - request.asked.time >= PROMPT) hit(cluster, request);
    if (failed || raftTerm === null || !NEED_LEADER.includes(message.op)) return;
    const prompt = request !== null && message.time - request.asked.time < PROMPT;
    const answer = { ...{ frame: message.frame, time: message.time }, server: server.text, op: message.op! };
    this.led(cluster, { ...answer, term: raftTerm }, prompt);
  }

  /** @param said that the leader is the reason */
  private refused(cluster: Cluster, request: LeaderRequest, said: boolean): void {
    const latest = cluster.outages.at(-1);
    const { asked, answered } = request;
    // Where the request is not in the capture it was asked some time before.
    const time = asked === answered ? asked.time - TIMES_OUT : asked.time;
    const before = latest?.after != null && asked.time >= latest.since.time && time < latest.after.time ? latest : null;
    const outage = request.outage ?? before;
    if (outage === null) {
      hit(cluster, request);
      cluster.refused = true;
    } else if (request.outage === null) hit(outage, request);
    if (said) (outage ?? cluster).said = true;
  }

  /** A leader decided: what had waited for one is an outage, if it is another leader, or if members said so. */
  private led(cluster: Cluster, answer: LedAnswer, prompt: boolean): void {
    const elected = cluster.term >= 0 && answer.term > cluster.term;
    if (answer.term < cluster.term || (!prompt && !elected)) return;
    if (elected || cluster.refused) {
      const outage = this.outage(cluster, answer);
      for (const request of outage.hit) request.outage = outage;
      if (outage.hit.length > 0 && this.kept++ < MAX_OUTAGES) cluster.outages.push(outage);
    }
    if (this.over) this.forgetOver();
    cluster.term = answer.term;
    cluster.latest = answer;
    cluster.hit = [];
    cluster.more = 0;
    cluster.refused = false;
    cluster.said = false;
  }

  private outage(cluster: Cluster, after: LedAnswer | null): LeaderOutage {
    const { latest: before, leaders, said } = cluster;
    const all = [...cluster.hit];
    let { more } = cluster;
    for (const request of this.waiting.values()) {
      if (request.outage !== null || this.members.get(hostOf(request.server)) !== cluster) continue;
      // Asked a moment ago, it has not had to wait.
      if (after !== null && after.time - request.asked.time < PROMPT) continue;
      if (all.length < MAX_HIT) all.push(request);
      else more++;
    }
    all.sort((a, b) => a.asked.time - b.asked.time);
    const first = all[0]?.asked ?? after ?? { frame: 0, time: 0 };
    const since = before !== null && before.time > first.time ? before : first;
    const leaderBefore = leaders.findLast(({ time }) => time <= since.time)?.server ?? null;
    const leaderAfter = leaders.findLast(({ time }) => time > since.time)?.server ?? null;
    const { frame, time } = since;
    return {
      before,
      after,
      since: { frame, time },
      hit: all,
      more,
      said,
      lossy: this.lastGap >= since.time,
      leaderBefore,
      leaderAfter,
    };
  }

  /** Renewals that were forwarded tell who leads. */
  private ofMember({ op, kind, status, time }: EtcdMessage, { client, server }: ConnectionFacts): void {
    if (op !== 'LeaseKeepAlive' || kind !== 'response' || status !== 200) return;
    const cluster = this.members.get(server.ip) ?? this.members.get(client.ip);
    if (cluster === undefined) return;
    const { leaders } = cluster;
    if (leaders.at(-1)?.server !== server.text) leaders.push({ server: server.text, time });
    if (leaders.length > MAX_LEADERS) leaders.shift();
    const latest = cluster.outages.at(-1);
    if (latest !== undefined) latest.leaderAfter ??= server.text;
  }

  private taken({ request }: EtcdMessage, { id }: ConnectionFacts): LeaderRequest | null {
    const known = request === null ? undefined : this.waiting.get(request);
    if (request === null || known === undefined) return null;
    this.waiting.delete(request);
    const ofConnection = this.connections.get(id);
    ofConnection?.delete(request);
    if (ofConnection?.size === 0) this.connections.delete(id);
    return known;
  }

  /** Null where it is one too many. @param id null where the answer does not say it: then a member is a cluster */
  private clusterOf(ip: string, id: string | null): Cluster | null {
    const known = this.members.get(ip);
    if (known !== undefined) return known;
    const name = id ?? ip;
    let cluster = this.clusters.get(name);
    if (this.members.size >= MAX_MEMBERS || (cluster === undefined && this.clusters.size >= MAX_CLUSTERS)) return null;
    if (cluster === undefined) {
      const nothing = { term: -1, latest: null, more: 0, refused: false, said: false };
      cluster = { ...nothing, hit: [], leaders: [], outages: [] };
      this.clusters.set(name, cluster);
    }
    this.members.set(ip, cluster);
    return cluster;
  }

  /** No answer comes to them, and whoever led meanwhile was not asked by them. */
  private forgetOver(): void {
    for (const [message, { over }] of this.waiting) if (over) this.waiting.delete(message);
    this.over = false;
  }

  /** Half of those that wait, the oldest. */
  private forget(): void {
    let left = MAX_WAITING / 2;
    for (const message of [...this.waiting.keys()]) {
      if (left-- === 0) break;
      this.waiting.delete(message);
    }
    for (const [id, messages] of this.connections) {
      for (const message of messages) if (!this.waiting.has(message)) messages.delete(message);
      if (messages.size === 0) this.connections.delete(id);
    }
  }
}

function hit(of: Cluster | LeaderOutage, request: LeaderRequest): void {
  if (of.hit.length < MAX_HIT) of.hit.push(request);
  else of.more++;
}
