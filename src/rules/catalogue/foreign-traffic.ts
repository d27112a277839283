import { duration, listing, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import { TO_SERVER } from '../../observations/connectionFacts.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { endingOf } from '../support/ending.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { seconds } from '../../observations/seconds.js';

/** One connection whose client does not speak ZooKeeper. */
interface Stranger {
  readonly host: string;
  readonly client: string;
  readonly server: string;
  readonly name: string;
  /** First bytes as hex, and where they came. */
  readonly bytes: string;
  readonly first: Moment;
  end: ReturnType<typeof endingOf>;
}

/**
 * Connections of strangers, as foreign-traffic keeps them.
 * @bound of them
 */
const MAX = 20_000;
const SHOWN = 3;
const TLS_HANDSHAKE = 'TLS';
const RECORD_HEADER = 5;

export const foreignTraffic = defineRule({
  meta: {
    name: 'foreign-traffic',
    summary: 'Somebody speaks another protocol on the ZooKeeper port',
    documentation: {
      meaning:
        'The first bytes of a connection are neither a connect request nor a four-letter word: a web client or metrics scraper with the wrong port, TLS on the plain port, a port scanner. The server takes them for a length, logs "Len error. A message from … with advertised length of N is either a malformed message or too large", and closes. N is given, so that log and capture can be put together.',
      proof: 'The first data segment of each such connection, and how the server ended it.',
      lookalikes:
        'Four-letter words, known or not enabled; connections without a single byte (health checks); a message that is too long on a connection with a handshake (oversize); a port that speaks TLS; a capture that starts in mid-stream.',
      remedy:
        'Point that client to the right port: metrics are on 7000, the admin server on 8080, TLS on secureClientPort. For health checks use ruok or a bare connect. A scanner: keep the port inside.',
    },
    options: {
      connections: {
        type: 'number',
        default: 3,
        min: 1,
        unit: 'connections',
        description: 'How many of one host make a warning',
      },
      ignore: { type: 'list', default: '', description: 'addresses of hosts that may do so (scanners of your own)' },
    },
  },
  endsOnce: true,
  create({ model, options, report, notKept }) {
    const strangers = new Map<number, Stranger>();
    const answered = new Set<number>();
    let more = 0;

    function closed(connection: ClientConnection): void {
      const stranger = strangers.get(connection.id);
      if (stranger !== undefined) stranger.end = endingOf(connection);
    }

    /** A ClientHello on a port where ZooKeeper is spoken in clear, which the server ended without a word of TLS. */
    function helloes(): Stranger[] {
      const found: Stranger[] = [];
      for (const tls of model.handshakes.servers.values()) {
        const { server } = tls;
        if (!model.servers.has(server) || tls.count('completed') > 0) continue;
        for (const { handshake, connection } of tls.refused) {
          const { hello, helloLength, decided } = handshake;
          const host = connection.client.ip;
          if (connection.midStream || options.ignore.includes(host)) continue;
          const end = decided === null ? null : { ...decided, by: 'server' as const, kind: 'FIN' as const };
          // Type, version and length of the record: those of every ClientHello.
          const bytes = `160301${Math.max(0, helloLength - RECORD_HEADER)
            .toString(16)
            .padStart(4, '0')}`;
          found.push({ host, client: connection.client.text, server, name: TLS_HANDSHAKE, bytes, first: hello, end });
        }
      }
      return found;
    }

    return {
      gap(gap, connection) {
        if (gap.reason !== 'foreign') return;
        // A port that speaks TLS answers a ClientHello.
        if (gap.direction !== TO_SERVER) answered.add(connection.id);
        if (gap.direction !== TO_SERVER || gap.firstBytes === undefined || connection.tcp.midStream) return;
        const host = connection.host.ip;
        if (options.ignore.includes(host)) return;
        if (strangers.size >= MAX) {
          more++;
          notKept();
          return;
        }
        strangers.set(connection.id, {
          host,
          client: connection.client,
          server: connection.server.address,
          name: connection.tcp.foreign ?? 'unknown',
          bytes: gap.firstBytes,
          first: { frame: gap.frame, time: gap.time },
          end: null,
        });
      },
      connectionClosed: closed,
      end() {
        for (const connection of model.connections.values()) closed(connection);
        for (const id of answered) if (strangers.get(id)?.name === TLS_HANDSHAKE) strangers.delete(id);
        const all = [...strangers.values(), ...helloes()].sort((a, b) => a.first.frame - b.first.frame);
        const names = new Map<string, Set<string>>();
        for (const { host, name } of all) names.set(host, (names.get(host) ?? new Set()).add(name));
        // Who tries several protocols is one scanner, not several clients.
        const kind = (s: Stranger): string => (names.get(s.host)!.size > 1 ? 'several' : s.name);
        for (const group of incidents(
          all,
          (s) => `${s.host} ${kind(s)}`,
          (s) => s.first.time,
        ))
          tell(group, kind(group[0]!));
      },
    };

    function tell(group: readonly Stranger[], kind: string): void {
      const first = group[0]!;
      const last = group.at(-1)!;
      const servers = [...new Set(group.map((s) => s.server))];
      const lengths = [...new Set(group.map((s) => advertisedLength(s.bytes)).filter((n) => n !== null))];
      const names = [...new Set(group.map((s) => s.name))];
      const byServer = group.filter((s) => s.end?.by === 'server');
      const waits = byServer.map((s) => s.end!.time - s.first.time).sort((a, b) => a - b);
      const to = Math.max(last.first.time, ...group.map((s) => s.end?.time ?? 0));
      const entries = group.map((s): Affected => ({
        client: s.client,
        session: null,
        frames: [s.first.frame, ...(s.end === null ? [] : [s.end.frame])],
        server: s.server,
        protocol: s.name,
        firstBytes: s.bytes,
        advertisedLength: advertisedLength(s.bytes),
        closedBy: s.end?.by ?? null,
      }));
      const what =
        kind === 'several'
          ? `${names.length} protocols (${listing(names, 5)})`
          : kind === 'unknown'
            ? `something unknown (first bytes ${first.bytes})`
            : kind;
      const evidence = group
        .slice(0, SHOWN)
        .flatMap((s): Evidence[] => [
          { ...s.first, text: `${s.name === 'unknown' ? `first bytes ${s.bytes}` : s.name} from ${s.client}` },
          ...(s.end === null
            ? []
            : [{ frame: s.end.frame, time: s.end.time, text: `${s.end.kind} of the ${s.end.by}` }]),
        ]);
      report({
        severity: group.length >= options.connections ? 'warning' : 'info',
        confidence: 'proven',
        title: `${kind === 'several' || kind === 'unknown' ? 'Foreign bytes' : kind} on the ZooKeeper port`,
        message: `${first.host} spoke ${what} on ${plural(group.length, 'connection')} to ${listing(servers)} in ${duration(to - first.first.time)}${byServer.length === 0 ? '; no server closed them' : `; the server closed ${byServer.length === group.length ? 'each' : byServer.length} after ${duration(waits[waits.length >> 1]!)}`}${lengths.length === 0 ? '' : ` (advertised length in the server’s log: ${listing(lengths.map(String), 6)})`}.`,
        remedy:
          kind === 'several' || kind === 'unknown'
            ? 'Find out what runs on that host; keep the ZooKeeper port closed to hosts that need no ZooKeeper.'
            : 'Point that client to the right port (metrics 7000, admin server 8080, TLS: secureClientPort).',
        ...subject(entries),
        client: first.host,
        ...(servers.length === 1 ? { server: servers[0]! } : {}),
        from: first.first.time,
        to,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          kind: kind === 'several' ? 'unknown' : kind.toLowerCase(),
          protocols: names,
          connections: group.length,
          servers,
          advertisedLengths: lengths.slice(0, 50),
          perSecond:
            to > first.first.time ? Math.round((group.length / ((to - first.first.time) / 1e9)) * 10) / 10 : null,
          medianWait: waits.length === 0 ? null : seconds(waits[waits.length >> 1]!),
          ...(more > 0 ? { notListed: more } : {}),
          ...affectedData(entries),
        },
      });
    }
  },
});

/** The number that the server takes the first four bytes for: a signed big-endian int; null if fewer came. */
function advertisedLength(hex: string): number | null {
  return hex.length < 8 ? null : Number.parseInt(hex.slice(0, 8), 16) | 0;
}
