import type { ConnectionFacts, Moment } from '../../observations/connectionFacts.js';
import type { Message } from '../../protocols/registry.js';
import type { EtcdMessage } from '../../protocols/etcd/message.js';
import type { LeaseId } from '../../protocols/etcd/records.js';
import { Intervals } from '../measures/intervals.js';
import { RenewalSeries, type RenewalStorm } from './leaseRenewals.js';

/**
 * Leases that are kept; renewals of others are still counted in the totals.
 * @bound leases
 */
const MAX_LEASES = 20_000;
const MAX_TTLS = 16;
/**
 * Addresses of one lease that are told apart.
 * @bound addresses
 */
const MAX_ADDRESSES = 64;
const EXACT_IN_ALL = 65_536;

/** One lease as its renewals show it. */
export class Lease {
  /** `POST /leases` requests between members. */
  readonly http: RenewalSeries;
  /** LeaseKeepAlive messages of clients, over gRPC or the JSON gateway; `guessedGrpc` of them were named by their shape only. */
  readonly grpc: RenewalSeries;
  guessedGrpc = 0;
  /** TTLs (seconds) that answers to renewals gave, without 0; ascending. */
  readonly ttls: number[] = [];
  /** TTL of the latest such answer, or of its LeaseGrant. */
  ttl: number | null = null;
  /** The LeaseGrant that made it. */
  granted: Moment | null = null;
  revoked: Moment | null = null;
  /** Members that sent `POST /leases`, and clients that renewed by gRPC: addresses without ports, in order of appearance. */
  readonly senders: string[] = [];
  readonly clients: string[] = [];
  /** Renewals answered that there is no such lease. */
  notFound = 0;
  /** Renewals answered by any other error. */
  failed = 0;

  constructor(
    readonly id: LeaseId,
    interval: (nanoseconds: number) => void,
  ) {
    this.http = new RenewalSeries(interval);
    this.grpc = new RenewalSeries(() => undefined);
  }

  /** The series that intervals, first, last and onset are told of: between members where there is one. */
  get main(): RenewalSeries {
    return this.http.count > 0 ? this.http : this.grpc;
  }

  /** A storm of either series. Clients' own messages are nearer to the cause, unless they are known by their shape only. */
  get storm(): RenewalStorm | null {
    return this.guessedGrpc === 0 ? (this.grpc.storm ?? this.http.storm) : (this.http.storm ?? this.grpc.storm);
  }

  /** When the rate of renewals changed from the right one to a storm; null if it did not. */
  get onset(): Moment | null {
    const { storm } = this;
    return storm?.changed === true ? storm.since : null;
  }
}

/** Renewals of etcd leases: per lease and in all. Fed with messages of any protocol; `end` before it is read. */
export class LeaseTable {
  /** `POST /leases`, all of them; those of which the capture lost the id; those beyond the bound on leases. */
  renewals = 0;
  withoutId = 0;
  notKept = 0;
  grpcRenewals = 0;
  guessedGrpc = 0;
  /** `POST /leases/internal`: LeaseTimeToLive between members, which renews nothing. */
  internal = 0;
  /** Answers to `POST /leases` by HTTP status, and by TTL. */
  readonly statuses = new Map<number, number>();
  readonly ttls = new Map<number, number>();
  readonly grpcTtls = new Map<number, number>();
  grpcResponses = 0;
  /** `POST /leases` by the address of who sent it, and of who got it. */
  readonly bySender = new Map<string, number>();
  readonly byReceiver = new Map<string, number>();
  /** Intervals between `POST /leases` of one lease, all leases together. */
  readonly intervals = new Intervals(EXACT_IN_ALL);
  private readonly leases = new Map<string, Lease>();

  message(message: Message, connection: ConnectionFacts): void {
    if (message.protocol !== 'etcd') return;
    switch (message.op) {
      case 'LeaseKeepAlive':
        if (message.kind === 'request') this.renewal(message, connection);
        else if (message.kind === 'response') this.answer(message, connection);
        break;
      case 'LeaseTimeToLive':
        if (message.kind === 'request' && !message.ofClient) this.internal++;
        break;
      case 'LeaseGrant':
        if (message.kind === 'response') this.granted(message);
        break;
      case 'LeaseRevoke':
        if (message.kind === 'response' && revokedIt(message)) this.revoked(message);
        break;
    }
  }

  /** Puts the latest renewals in order; to be called once, when no more messages come. */
  end(): void {
    for (const lease of this.leases.values()) {
      lease.http.flush(lease.ttl);
      lease.grpc.flush(lease.ttl);
    }
  }

  /** All leases, by the time of their first renewal; those that were never renewed are not among them. */
  all(): Lease[] {
    return [...this.leases.values()]
      .filter((lease) => lease.main.count > 0)
      .sort((a, b) => (a.main.first?.time ?? 0) - (b.main.first?.time ?? 0));
  }

  /** Null for an id of which nothing was seen. */
  get(decimal: string): Lease | null {
    return this.leases.get(decimal) ?? null;
  }

  private renewal(message: EtcdMessage, { client, server }: ConnectionFacts): void {
    if (!message.ofClient) {
      this.renewals++;
      increment(this.bySender, client.ip);
      increment(this.byReceiver, server.ip);
    } else {
      this.grpcRenewals++;
      if (message.guessed) this.guessedGrpc++;
    }
    if (message.leaseId !== null) this.renewed(message.leaseId, message, client.ip);
    else if (!message.ofClient) this.withoutId++;
  }

  private renewed(id: LeaseId, request: EtcdMessage, client: string): void {
    const lease = this.lease(id);
    if (lease === null) {
      this.notKept++;
      return;
    }
    const http = !request.ofClient;
    (http ? lease.http : lease.grpc).add(request.firstFrame, request.firstTime, lease.ttl);
    if (request.guessed) lease.guessedGrpc++;
    remember(http ? lease.senders : lease.clients, client);
  }

  private answer(message: EtcdMessage, { client }: ConnectionFacts): void {
    const http = !message.ofClient;
    const { request, ttl } = message;
    if (http) increment(this.statuses, message.status ?? 0);
    else if (message.length !== null) this.grpcResponses++;
    const id = message.leaseId ?? request?.leaseId ?? null;
    // The request's body was lost, but the answer names the lease.
    if (http && request?.leaseId === null && message.leaseId !== null) {
      this.withoutId--;
      this.renewed(message.leaseId, request, client.ip);
    }
    const lease = id === null ? null : this.lease(id);
    if (message.transport === 'http' && message.status !== 200) {
      if (lease !== null && message.status === 404) lease.notFound++;
      else if (lease !== null) lease.failed++;
      return;
    }
    if (ttl === null || ttl < 0) return;
    if (ttl === 0) {
      if (lease !== null) lease.notFound++;
      return;
    }
    increment(http ? this.ttls : this.grpcTtls, ttl);
    if (lease === null) return;
    lease.ttl = ttl;
    if (!lease.ttls.includes(ttl) && lease.ttls.length < MAX_TTLS) {
      lease.ttls.push(ttl);
      lease.ttls.sort((a, b) => a - b);
    }
  }

  private granted(message: EtcdMessage): void {
    if (message.leaseId === null || message.ttl === null) return;
    const lease = this.lease(message.leaseId);
    if (lease === null) return;
    lease.granted = { frame: message.frame, time: message.time };
    lease.ttl ??= message.ttl;
  }

  private revoked(message: EtcdMessage): void {
    const id = message.request?.leaseId;
    const lease = id == null ? undefined : this.leases.get(id.decimal);
    if (lease !== undefined) lease.revoked = { frame: message.frame, time: message.time };
  }

  private lease(id: LeaseId): Lease | null {
    const known = this.leases.get(id.decimal);
    if (known !== undefined) return known;
    if (this.leases.size >= MAX_LEASES) return null;
    const lease = new Lease(id, (nanoseconds) => {
      this.intervals.add(nanoseconds);
    });
    this.leases.set(id.decimal, lease);
    return lease;
  }
}

function revokedIt({ transport, status, grpcStatus }: EtcdMessage): boolean {
  return transport === 'http' ? status === 200 : grpcStatus === 0;
}

function remember(list: string[], address: string): void {
  if (list.length < MAX_ADDRESSES && !list.includes(address)) list.push(address);
}

/**
 * What is counted by kind: captures have a few, and many that were made to collide are slow to look up.
 * @bound kinds
 */
const MAX_KINDS = 256;

/** Counts by key; new keys beyond a bound (TTLs and statuses that an attacker makes up) are not kept. */
function increment<K>(counts: Map<K, number>, key: K): void {
  const before = counts.get(key);
  if (before !== undefined) counts.set(key, before + 1);
  else if (counts.size < MAX_KINDS) counts.set(key, 1);
}
