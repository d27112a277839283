import { duration, listing, plural } from '../../observations/words.js';
import type { ClientConnection, Refusal, Stalled } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import type { Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, findingOn, hostsOf, subject } from '../support/affected.js';
import { alertKind, alertMeaning } from '../support/alerts.js';
import { endedByServer } from '../support/ending.js';
import { connected } from '../support/connected.js';
import { certificateExpiry } from './certificate-expiry.js';
import { foreignTraffic } from './foreign-traffic.js';

/**
 * Connect requests in plain text that were answered by nothing but the end.
 * @bound attempts
 */
const MAX = 1000;
const SHOWN = 3;

/** One attempt that came to nothing. */
interface Attempt {
  readonly host: string;
  readonly client: string;
  readonly server: string;
  readonly connection: number;
  /** What the client sent, and what ended it. */
  readonly first: Moment;
  readonly last: Moment;
  readonly told: readonly Evidence[];
  readonly refusal: Refusal | null;
}

/** What a group of attempts has in common. */
interface Cause {
  readonly kind: string;
  readonly title: (server: string) => string;
  readonly who: (clients: string, servers: string, times: string) => string;
  readonly why: string;
  readonly remedy: string;
  readonly proven: boolean;
}

/** What to do where only one of them speaks TLS. */
const PLAIN_TEXT =
  'Point the client to the port that speaks TLS (secureClientPort), or switch TLS on at the server, or off at the client.';

export const tlsHandshakeFailed = defineRule({
  causes: [foreignTraffic, certificateExpiry],
  meta: {
    name: 'tls-handshake-failed',
    summary: 'Client and server do not come to terms over TLS: one refuses the other',
    documentation: {
      meaning:
        'A TLS handshake is ended by an alert: a CA that is not known, a certificate that is bad, expired or missing, no version or cipher suite in common. Or one side does not speak TLS at all: plain text to the TLS port, or a ClientHello to a port that answers in plain text. One finding for each cause, with who refused whom. An error where three attempts and more failed and none of these clients reached that server; a warning where fewer did; a remark where they reached it as well (a scanner, a test).',
      proof:
        'The ClientHello and the alert (in clear, or decrypted), or the connect request and the end of the connection on a port that speaks TLS. An alert that is encrypted and has no key shows itself by its length: who sent it is proven, its reason is not.',
      lookalikes:
        'close_notify, and clients that leave before the handshake is over; handshakes that nobody answers (tls-handshake-stall); a ClientHello on a port that speaks ZooKeeper in clear (foreign-traffic tells it, and this rule is silent); health checks that connect and send nothing. In TLS 1.3 a server judges the client’s certificate when the client takes the handshake for done: without keys that cannot be seen.',
      remedy:
        'See what the side that refused says in its log, and repair what the finding names: trust store, certificate, versions, suites, or the port in the connect string.',
    },
    options: {
      attempts: {
        type: 'number',
        default: 3,
        min: 1,
        unit: 'attempts',
        description: 'How many attempts without success make an error',
      },
    },
  },
  unfollowed: true,
  create({ model, options, report, findingsOf, notKept }) {
    /** Connect requests in plain text that were answered by nothing but the end. */
    const unheard: Attempt[] = [];
    const plain = new Set<string>();

    function closed(connection: ClientConnection): void {
      const { tcp, handshake, server } = connection;
      const request = handshake?.request;
      if (request == null || handshake?.response != null || connection.responses > 0 || connection.gaps > 0) return;
      const end = endedByServer(connection);
      if (end === null || tcp.midStream || tcp.toClient.delivered > 0) return;
      if (model.handshakes.of(tcp) !== undefined || plain.has(server.address)) return;
      if (unheard.length >= MAX) {
        notKept();
        return;
      }
      const first = { frame: request.frame, time: request.time };
      unheard.push({
        ...{ host: connection.host.ip, client: connection.client, server: server.address, connection: connection.id },
        ...{ first, last: end, refusal: null },
        told: [
          { ...first, text: `connect request of ${connection.client} in plain text` },
          { ...end, text: `the server ends the connection without an answer` },
        ],
      });
    }

    function reached({ host, server }: Attempt, since: number): boolean {
      const handshake = model.handshakes.servers.get(server)?.reached.get(host);
      return handshake !== undefined && (handshake.hello.time >= since || since === -Infinity);
    }

    function tell(cause: Cause, attempts: readonly Attempt[], because?: Finding): void {
      const first = attempts[0]!;
      const last = attempts.at(-1)!;
      const clients = [...new Set(attempts.map(({ host }) => host))];
      const servers = [...new Set(attempts.map(({ server }) => server))];
      const well = attempts.filter((attempt) => reached(attempt, -Infinity));
      const later = attempts.every((attempt) => reached(attempt, attempt.last.time));
      const entries = attempts.map((attempt): Affected => ({
        client: attempt.client,
        session: null,
        frames: attempt.told.map(({ frame }) => frame),
        server: attempt.server,
      }));
      const never = well.length === 0;
      const certificate = first.refusal?.handshake.serverCertificates?.[0];
      const others = [
        ...new Set(servers.flatMap((server) => [...(model.handshakes.servers.get(server)?.reached.keys() ?? [])])),
      ];
      const beside = others.filter((ip) => !clients.includes(ip)).length;
      report({
        severity:
          well.length === attempts.length ? 'info' : attempts.length >= options.attempts && never ? 'error' : 'warning',
        confidence: cause.proven ? 'proven' : 'likely',
        title: cause.title(servers.length === 1 ? servers[0]! : plural(servers.length, 'server')),
        message: `${cause.who(listing(clients), listing(servers), plural(attempts.length, 'attempt'))}: ${cause.why}${never ? `; ${clients.length === 1 ? 'it never' : 'none of them ever'} came to terms with ${servers.length === 1 ? 'that server' : 'those servers'} in the capture` : ''}${beside > 0 ? `, while ${plural(beside, 'other client')} did` : ''}.`,
        remedy: cause.remedy,
        ...subject(entries),
        ...(clients.length === 1 ? { client: clients[0]! } : {}),
        ...(servers.length === 1 ? { server: servers[0]! } : {}),
        from: first.first.time,
        to: Math.max(...attempts.map(({ last: end }) => end.time)),
        evidence: (attempts.length > SHOWN ? [...attempts.slice(0, SHOWN - 1), last] : attempts)
          .flatMap(({ told }) => told)
          .sort((a, b) => a.frame - b.frame),
        ...(later || attempts.length < options.attempts
          ? {}
          : {
              unrepaired: `${listing(hostsOf(entries.filter((_, i) => !reached(attempts[i]!, attempts[i]!.last.time))))} cannot reach ${listing(servers)} over TLS`,
            }),
        cause: because,
        data: {
          kind: cause.kind,
          refusedBy: first.refusal?.alert.by ?? (cause.kind === 'plainText' ? 'server' : null),
          alert: first.refusal?.alert.description ?? null,
          attempts: attempts.length,
          servers,
          reached: well.length,
          ...(certificate === undefined ? {} : { serverCertificate: certificate.subject, issuer: certificate.issuer }),
          ...affectedData(entries),
        },
      });
    }

    /** One cause each: what one client has against many servers, or many clients against one, hangs together. */
    function groups(attempts: readonly Attempt[]): Attempt[][] {
      const sorted = [...attempts].sort((a, b) => a.last.frame - b.last.frame);
      return connected(sorted, ({ host, server }) => [`client ${host}`, `server ${server}`]);
    }

    function refusals(): void {
      const byKind = new Map<string, Attempt[]>();
      for (const { alerted } of model.handshakes.servers.values()) {
        for (const refusal of alerted) {
          const kind = alertKind(refusal);
          const known = byKind.get(kind);
          if (known === undefined) byKind.set(kind, [attemptOf(refusal)]);
          else known.push(attemptOf(refusal));
        }
      }
      for (const attempts of byKind.values()) {
        for (const group of groups(attempts)) {
          const refusal = group[0]!.refusal!;
          const { alert } = refusal;
          const { why, remedy } = alertMeaning(refusal);
          const name = alert.description ?? 'an encrypted alert';
          const kind = alert.description ?? 'encrypted';
          const byClient = alert.by === 'client';
          const title = (server: string): string => `TLS handshakes fail: ${kind} at ${server}`;
          const who = (clients: string, servers: string, times: string): string =>
            byClient
              ? `${clients} refused ${servers} in ${times} (${name})`
              : `${servers} refused ${clients} in ${times} (${name})`;
          tell({ kind, title, who, why, remedy, proven: true }, group, expired(refusal, group));
        }
      }
    }

    function expired({ alert }: Refusal, group: readonly Attempt[]): Finding | undefined {
      if (alert.description !== 'certificate_expired') return undefined;
      const holders = group.map(({ server, host }) => (alert.by === 'client' ? server : host));
      return findingsOf(certificateExpiry).find(({ data }) =>
        (data['holders'] as readonly string[]).some((holder) => holders.includes(holder)),
      );
    }

    /** ClientHellos to ports that do not speak TLS, where nobody else tells of them. */
    function helloes(): void {
      const told = findingsOf(foreignTraffic);
      const mute: Attempt[] = [];
      const answered: Attempt[] = [];
      for (const { misunderstood, refused, speaksTls } of model.handshakes.servers.values()) {
        for (const one of misunderstood) answered.push(helloOf(one));
        if (!speaksTls) for (const one of refused) if (one.handshake.answeredBy == null) mute.push(helloOf(one));
      }
      const own = ({ client }: Attempt): boolean => findingOn(told, (entry) => entry.client === client) === undefined;
      const title = (server: string): string => `TLS on a port that does not speak it: ${server}`;
      for (const group of groups(answered.filter(own))) {
        const name = answers.get(group[0]!.connection) ?? 'unknown';
        tell(
          {
            ...{ kind: 'notTls', title, proven: true },
            who: (clients, servers, times) => `${clients} sent a ClientHello to ${servers} in ${times}`,
            why: `the answer is ${name === 'unknown' ? 'no TLS' : name}: that port speaks plain text`,
            remedy: PLAIN_TEXT,
          },
          group,
        );
      }
      for (const group of groups(mute.filter(own))) {
        tell(
          {
            ...{ kind: 'notTls', title, proven: false },
            who: (clients, servers, times) =>
              `${servers} ended ${times} of ${clients} behind the ClientHello, without a word of TLS`,
            why: 'most likely that port speaks plain text',
            remedy: PLAIN_TEXT,
          },
          group,
        );
      }
    }

    const answers = new Map<number, string>();

    function helloOf({ handshake, connection }: Stalled): Attempt {
      const { hello, decided, serverFirst, answeredBy } = handshake;
      if (answeredBy != null) answers.set(connection.id, answeredBy);
      const last = serverFirst ?? decided ?? hello;
      const { text: client, ip: host } = connection.client;
      return {
        ...{
          host,
          client,
          server: connection.server.text,
          connection: connection.id,
          first: hello,
          last,
          refusal: null,
        },
        told: [
          { ...hello, text: `ClientHello of ${client}` },
          {
            ...last,
            text: answeredBy == null ? 'the server ends the connection' : 'the server answers with something else',
          },
        ],
      };
    }

    return {
      sessionAttached(_session, connection) {
        if (model.handshakes.of(connection.tcp) === undefined) plain.add(connection.server.address);
      },
      connectionClosed: closed,
      end() {
        for (const connection of model.connections.values()) closed(connection);
        refusals();
        helloes();
        const deaf = unheard.filter(
          ({ server }) => !plain.has(server) && model.handshakes.servers.get(server)?.speaksTls === true,
        );
        for (const group of groups(deaf)) {
          tell(
            {
              kind: 'plainText',
              proven: true,
              title: (server) => `Plain text on the TLS port: ${server}`,
              who: (clients, servers, times) => `${clients} asked ${servers} for a session in plain text in ${times}`,
              why: `that port speaks TLS, and the connection was ended after ${duration(group[0]!.last.time - group[0]!.first.time)} without an answer`,
              remedy:
                'Switch TLS on in the client (kazoo: use_ssl; Java: zookeeper.client.secure=true), or point it to clientPort.',
            },
            group,
          );
        }
      },
    };
  },
});

function attemptOf(refusal: Refusal): Attempt {
  const { handshake, connection, alert } = refusal;
  const { text: client, ip: host } = connection.client;
  const { text: server } = connection.server;
  const certificate = (alert.by === 'client' ? handshake.serverCertificateAt : handshake.clientCertificateAt) ?? null;
  const shown =
    alert.by === 'client'
      ? 'certificate of the server'
      : `the client sends ${handshake.clientCertificates?.length === 0 ? 'no' : 'its'} certificate`;
  const [from, to] = alert.by === 'client' ? [client, server] : [server, client];
  return {
    ...{ host, client, server, connection: connection.id, first: handshake.hello, last: alert.moment, refusal },
    told: [
      { ...handshake.hello, text: `ClientHello of ${client}` },
      ...(certificate === null || certificate.frame === handshake.hello.frame ? [] : [{ ...certificate, text: shown }]),
      { ...alert.moment, text: `${from} refuses ${to}: ${alert.description ?? 'an encrypted alert'}` },
    ],
  };
}
