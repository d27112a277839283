import { duration, listing, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { failedOperation } from '../support/failedOperation.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { seconds } from '../../observations/seconds.js';

/** NoAuth answers to one session on one path. */
interface Denied {
  readonly client: string;
  readonly session: string | null;
  readonly path: string;
  readonly first: Moment;
  last: Moment;
  answers: number;
  readonly ops: Map<string, number>;
  /** Times of the latest answers, as many as make a warning; the oldest at `answers` modulo that number. */
  readonly latest: number[];
  often: boolean;
  /** Of the connection of the latest one: the credentials that were sent on it. */
  schemes: readonly string[];
  midStream: boolean;
  lossy: boolean;
}

/** Credentials that one connection sent. */
interface Sent {
  readonly schemes: string[];
  readonly first: Moment;
  saslRounds: number;
}

/** A connection whose credentials the server did not take. */
interface Failure {
  readonly connection: ClientConnection;
  readonly host: string;
  readonly scheme: string;
  readonly sent: Moment | null;
  readonly at: Moment;
  readonly how: 'AuthFailed' | 'no answer' | 'no end';
  end: (Moment & { readonly text: string }) | null;
}

interface InClear {
  readonly client: string;
  readonly session: string | null;
  readonly at: Moment;
  times: number;
  readonly users: Set<string>;
}

/**
 * Sessions and paths that were denied, and clients that sent credentials in the clear, each.
 * @bound sessions and paths
 */
const MAX = 5000;
/**
 * Connections whose credentials are remembered.
 * @bound connections
 */
const MAX_CONNECTIONS = 20_000;
/**
 * Failed authentications.
 * @bound failures
 */
const MAX_FAILURES = 5000;
/**
 * Sessions that succeeded where others were denied, of all paths together.
 * @bound of them
 */
const MAX_SUCCESSES = 50_000;
/**
 * Users with digest credentials in clear, as access-denied keeps them for one client host.
 * @bound of them
 */
const MAX_USERS = 16;
/** DIGEST-MD5 takes two rounds, GSSAPI three. */
const SASL_ROUNDS = 10;
/** A ticket that waited for less when its connection ended may have been on its way. */
const SASL_WAIT = 1e9;
const APART = 60e9;
const SASL = 'sasl';

export const accessDenied = defineRule({
  meta: {
    name: 'access-denied',
    summary: 'Requests are answered NoAuth in numbers, or credentials are not taken (AuthFailed)',
    documentation: {
      meaning:
        'NoAuth: the ACL of the znode does not let this session do what it asks for, because it sent no credentials, or others than those that the ACL names; asking again does not help. AuthFailed: the server does not take the credentials at all and closes the connection; an application that makes a new session and tries the same again never comes in. Digest credentials on a plain connection (one without TLS) are readable by whoever captures (info); the finding names the users, never a password.',
      proof:
        'The answers -102 and -115, the auth and sasl requests of the same connections with their schemes, the end of the connections; whether other sessions succeed on the same path.',
      lookalikes:
        'One NoAuth of an operator who then gives his credentials; the habit of Java and of the shell to ask for the ACL after it; a create below a protected parent that is refused once.',
      remedy:
        'Give the client the credentials that the ACL names (getAcl shows them; zookeeper.sasl, addauth, auth_data), before its first request and again in each new session. For credentials in clear: use TLS (secureClientPort) or SASL.',
    },
    options: {
      answers: {
        type: 'number',
        default: 10,
        min: 1,
        max: 10_000,
        unit: 'answers',
        description: 'NoAuth answers to one session on one path that make a warning',
      },
      seconds: { type: 'number', default: 60, unit: 'seconds', description: 'Within which time they have to come' },
    },
  },
  endsOnce: true,
  create({ options, report, notKept }) {
    const needed = Math.ceil(options.answers);
    const denied = new Map<string, Denied>();
    /** Paths that were denied to somebody, with those who succeeded there since. */
    const protectedPaths = new Map<string, Set<string>>();
    let successes = 0;
    const credentials = new Map<ClientConnection, Sent>();
    const failing = new Map<ClientConnection, Failure>();
    const failures: Failure[] = [];
    const clear = new Map<string, InClear>();

    function noAuth(path: string, op: string, at: Moment, connection: ClientConnection): void {
      const key = `${connection.session?.id ?? connection.id} ${path}`;
      let entry = denied.get(key);
      if (entry === undefined) {
        if (denied.size >= MAX) {
          notKept();
          return;
        }
        entry = {
          client: connection.client,
          session: connection.session?.id ?? null,
          path,
          first: at,
          last: at,
          answers: 0,
          ops: new Map(),
          latest: [],
          often: false,
          schemes: [],
          midStream: connection.tcp.midStream,
          lossy: false,
        };
        denied.set(key, entry);
        if (!protectedPaths.has(path)) protectedPaths.set(path, new Set());
      }
      const oldest = entry.latest[(entry.answers + 1) % needed] ?? (needed === 1 ? at.time : -Infinity);
      entry.latest[entry.answers % needed] = at.time;
      entry.answers++;
      entry.ops.set(op, (entry.ops.get(op) ?? 0) + 1);
      entry.last = at;
      entry.schemes = credentials.get(connection)?.schemes ?? [];
      if (connection.gaps > 0) entry.lossy = true;
      if (entry.answers >= needed && at.time - oldest <= options.seconds * 1e9) entry.often = true;
    }

    function failed(connection: ClientConnection, how: Failure['how'], at: Moment): void {
      if (failing.has(connection)) return;
      if (failing.size + failures.length >= MAX_FAILURES) {
        notKept();
        return;
      }
      const sent = credentials.get(connection);
      failing.set(connection, {
        connection,
        host: connection.host.ip,
        scheme: sent?.schemes.at(-1) ?? 'unknown',
        sent: sent?.first ?? null,
        at,
        how,
        end: null,
      });
    }

    return {
      withoutPings: true,
      requestsWanted: { opcodes: [OpCode.auth, OpCode.sasl] },
      request(m, connection) {
        const at = { frame: m.frame, time: m.time };
        const scheme = m.opcode === OpCode.sasl ? SASL : (m.requestBody()?.scheme ?? 'unknown');
        let sent = credentials.get(connection);
        if (sent === undefined) {
          if (credentials.size >= MAX_CONNECTIONS) {
            notKept();
            return;
          }
          credentials.set(connection, (sent = { schemes: [], first: at, saslRounds: 0 }));
        }
        if (!sent.schemes.includes(scheme) && sent.schemes.length < 8) sent.schemes.push(scheme);
        if (scheme === SASL && ++sent.saslRounds === SASL_ROUNDS) failed(connection, 'no end', at);
        if (scheme !== 'digest' || connection.tcp.secured) return;
        let known = clear.get(connection.host.ip);
        if (known === undefined) {
          if (clear.size >= MAX) {
            notKept();
            return;
          }
          const session = connection.session?.id ?? null;
          known = { client: connection.client, session, at, times: 0, users: new Set() };
          clear.set(connection.host.ip, known);
        }
        known.times++;
        const user = m.digestUser();
        if (user !== null && known.users.size < MAX_USERS) known.users.add(user);
      },
      response(m, connection) {
        const request = m.request;
        if (request === null) return;
        if (m.err === 0 && request.opcode !== OpCode.multi) {
          if (protectedPaths.size === 0 || request.path === null) return;
          const others = protectedPaths.get(request.path);
          const own = connection.session?.id ?? connection.client;
          if (others === undefined || others.has(own)) return;
          if (successes >= MAX_SUCCESSES) {
            notKept();
            return;
          }
          successes++;
          others.add(own);
        } else if (m.err === ErrorCode.AuthFailed) {
          failed(connection, 'AuthFailed', { frame: m.frame, time: m.time });
        } else if (m.err === ErrorCode.NoAuth || m.err === 0) {
          const refused = failedOperation(m);
          if (refused?.err !== ErrorCode.NoAuth) return;
          noAuth(refused.path, refused.op, { frame: m.frame, time: m.time }, connection);
        }
      },
      connectionClosed(connection) {
        const sent = credentials.get(connection);
        if (sent === undefined) return;
        credentials.delete(connection);
        const waiting = [...connection.outstanding].find((request) => request.opcode === OpCode.sasl);
        const end = connection.tcp.endMoment;
        if (waiting !== undefined && end !== null && end.time - waiting.time >= SASL_WAIT && connection.gaps === 0) {
          failed(connection, 'no answer', { frame: waiting.frame, time: waiting.time });
        }
        const failure = failing.get(connection);
        if (failure === undefined) return;
        failing.delete(connection);
        const { toClient, toServer } = connection.tcp;
        const byServer = toClient.fin ?? toClient.rst;
        const byClient = toServer.fin ?? toServer.rst;
        if (byServer !== null && (byClient === null || byServer.frame < byClient.frame)) {
          failure.end = { ...byServer, text: 'the server closes the connection' };
        } else if (byClient !== null) failure.end = { ...byClient, text: 'the client leaves' };
        failures.push(failure);
      },
      end() {
        failures.push(...failing.values());
        tellFailures();
        const often = [...denied.values()].filter((entry) => entry.often);
        for (const group of incidents(
          often,
          (d) => d.path,
          (d) => d.first.time,
        ))
          tellDenied(group);
        if (clear.size > 0) tellClear([...clear.values()].sort((a, b) => a.at.frame - b.at.frame));
      },
    };

    function tellDenied(group: readonly Denied[]): void {
      const first = group[0]!;
      const last = group.reduce((a, b) => (b.last.time > a.last.time ? b : a));
      const answers = group.reduce((sum, d) => sum + d.answers, 0);
      const entries = group.map((d): Affected => ({
        client: d.client,
        session: d.session,
        path: d.path,
        frames: [d.first.frame, d.last.frame],
        answers: d.answers,
        ops: Object.fromEntries(d.ops),
        schemes: [...d.schemes],
        startCaptured: !d.midStream,
      }));
      const own = new Set(group.map((d) => d.session ?? d.client));
      const successes = [...(protectedPaths.get(first.path) ?? [])];
      const others = successes.filter((who) => !own.has(who));
      const ops = [...new Set(group.flatMap((d) => [...d.ops.keys()]))];
      const schemes = [...new Set(group.flatMap((d) => d.schemes))];
      const unseen = group.every((d) => d.midStream);
      const sent =
        schemes.length > 0
          ? `credentials were sent (${listing(schemes)}), but not those that its ACL names`
          : unseen
            ? 'whether credentials were sent before the capture is not known'
            : `no credentials were sent on ${group.length === 1 ? 'this connection' : 'these connections'}`;
      const who = group.length === 1 ? first.client : plural(new Set(entries.map((e) => e.client)).size, 'client');
      report({
        severity: 'warning',
        confidence: group.every((d) => d.lossy) ? 'likely' : 'proven',
        title: `Access to ${first.path.length > 30 ? 'a znode' : first.path} is denied`,
        message: `${who} got NoAuth ${plural(answers, 'time')} in ${duration(last.last.time - first.first.time)} for ${listing(ops)} of ${first.path}; ${sent}${others.length > 0 ? `, and ${plural(others.length, 'other session')} succeeded there` : ''}.`,
        remedy:
          others.length > 0
            ? 'Give this client the credentials that the others have (or an ACL entry of its own), before its first request and in each new session.'
            : 'See what the ACL of that znode names (getAcl), and give the client those credentials, or change the ACL.',
        ...subject(entries),
        from: first.first.time,
        to: last.last.time,
        evidence: [
          { ...first.first, text: `the first NoAuth, to ${first.client}` },
          ...(last.last.frame > first.first.frame ? [{ ...last.last, text: `the last of ${answers}` }] : []),
        ],
        data: {
          kind: 'NoAuth',
          answers,
          schemes,
          othersSucceed: others.length,
          seconds: seconds(last.last.time - first.first.time),
          ...affectedData(entries),
        },
      });
    }

    function tellFailures(): void {
      for (const group of incidents(
        failures,
        (f) => `${f.host} ${f.scheme}`,
        (f) => f.at.time,
        APART,
      )) {
        const first = group[0]!;
        const last = group.at(-1)!;
        const sessions = new Set(group.map(({ connection }) => connection.session?.id ?? connection.client));
        const entries = group.map((f): Affected => ({
          client: f.connection.client,
          session: f.connection.session?.id ?? null,
          frames: [f.sent?.frame, f.at.frame, f.end?.frame].filter((frame) => frame !== undefined),
          scheme: f.scheme,
          answer: f.how,
          closedBy: f.end === null ? null : f.end.text.includes('server') ? 'server' : 'client',
        }));
        const told =
          first.how === 'AuthFailed' ? 'AuthFailed' : first.how === 'no end' ? 'no end of rounds' : 'no answer';
        const lossy = group.every(({ connection }) => connection.gaps > 0);
        const evidence: Evidence[] = [];
        for (const f of group.slice(0, 2)) {
          if (f.sent !== null) evidence.push({ ...f.sent, text: `credentials of scheme ${f.scheme}` });
          evidence.push({ ...f.at, text: f.how === 'AuthFailed' ? 'answered AuthFailed' : `sasl: ${f.how}` });
          if (f.end !== null) evidence.push({ frame: f.end.frame, time: f.end.time, text: f.end.text });
        }
        report({
          severity: sessions.size > 1 ? 'error' : 'info',
          confidence: lossy ? 'likely' : 'proven',
          title: sessions.size > 1 ? 'Credentials are not taken, again and again' : 'Credentials are not taken',
          message: `${first.host} sent credentials of scheme ${first.scheme} in ${plural(sessions.size, 'session')} within ${duration((last.end?.time ?? last.at.time) - (first.sent?.time ?? first.at.time))}, each time with ${told}, after which the connection ended${sessions.size > 1 ? '; no session gets further' : ''}.`,
          remedy:
            'See the server’s log for the reason: an unknown scheme, a wrong password, an expired ticket, a clock that differs. Let the application stop after AuthFailed instead of making a new session.',
          ...subject(entries),
          from: first.sent?.time ?? first.at.time,
          to: last.end?.time ?? last.at.time,
          evidence: evidence.sort((a, b) => a.frame - b.frame),
          data: { kind: 'AuthFailed', scheme: first.scheme, sessions: sessions.size, ...affectedData(entries) },
        });
      }
    }

    function tellClear(hosts: readonly InClear[]): void {
      const first = hosts[0]!;
      const entries = hosts.map(({ client, session, at, times, users }): Affected => ({
        ...{ client, session, frames: [at.frame], times, users: [...users] },
      }));
      const users = [...new Set(hosts.flatMap((host) => [...host.users]))];
      const whose = users.length === 0 ? '' : ` (${listing(users)})`;
      report({
        severity: 'info',
        confidence: 'proven',
        title: 'Credentials are readable on the wire',
        message: `${hosts.length === 1 ? first.client : plural(hosts.length, 'client host')} sent user and password of scheme digest${whose} on a plain connection: whoever captures this traffic can read them.`,
        remedy:
          'Use TLS (secureClientPort), or SASL, which does not send the password; keep this capture as you would keep a password.',
        ...subject(entries),
        from: first.at.time,
        to: Math.max(first.at.time, hosts.at(-1)!.at.time),
        evidence: hosts.slice(0, 3).map(({ at, users }) => ({
          ...at,
          text: `auth with scheme digest, in clear${users.size === 0 ? '' : `, of ${listing([...users])}`}`,
        })),
        data: { kind: 'clear', users, ...affectedData(entries) },
      });
    }
  },
});
