import { frameFilters } from '../text/hostFrames.js';
import type { EvidenceRow } from './evidence/focus.js';

export interface DisplayFilter {
  /** The host to whose capture it belongs, where there are several. */
  readonly host?: string;
  readonly name: string;
  readonly text: string;
}

const CONNECTIONS = 8;

const protocolOf = (ip: string): 'ip' | 'ipv6' => (ip.includes(':') ? 'ipv6' : 'ip');

/** Address and port of `10.0.0.1:2181` or `[fd77::1]:2181`; port null where there is none. */
export function splitAddress(text: string): { ip: string; port: string | null } {
  const bracketed = /^\[([0-9a-f:.]+)\](?::(\d+))?$/i.exec(text);
  if (bracketed !== null) return { ip: bracketed[1]!, port: bracketed[2] ?? null };
  const plain = /^([0-9.]+):(\d+)$/.exec(text);
  return plain === null ? { ip: text, port: null } : { ip: plain[1]!, port: plain[2]! };
}

/** Wireshark display filters for the evidence: its frames (by their names), its conversations, and its client. Empty parts are left out. */
export function displayFilters(
  frames: readonly string[],
  rows: readonly EvidenceRow[],
  client: string | undefined,
  single: boolean,
): DisplayFilter[] {
  const filters: DisplayFilter[] = [];
  for (const { host, filter } of frameFilters(frames))
    filters.push(
      host === null ? { name: 'These frames', text: filter } : { host, name: `These frames of ${host}`, text: filter },
    );
  const evidence = rows.filter((row) => row.kind === 'evidence' && row.connection !== null);
  const streams = [...new Set(evidence.map((row) => row.connection!))].sort((a, b) => a - b).slice(0, CONNECTIONS);
  // Streams are numbered per file: with several captures the numbers are nobody's.
  if (streams.length > 0 && single)
    filters.push({
      name: streams.length === 1 ? 'The whole connection' : 'The whole connections',
      text: streams.map((stream) => `tcp.stream eq ${stream}`).join(' || '),
    });
  const pairs = [...new Set(evidence.map((row) => `${row.client!} ${row.server!}`))].slice(0, CONNECTIONS);
  if (pairs.length > 0)
    filters.push({ name: 'By addresses', text: pairs.map((pair) => pairFilter(pair.split(' '))).join(' || ') });
  else if (client !== undefined) {
    const { ip, port } = splitAddress(client);
    const host = `${protocolOf(ip)}.addr == ${ip}`;
    filters.push({ name: 'By address', text: port === null ? host : `${host} && tcp.port == ${port}` });
  }
  return filters;
}

function pairFilter(pair: readonly string[]): string {
  const parts = pair.map((text) => {
    const { ip, port } = splitAddress(text);
    const host = `${protocolOf(ip)}.addr == ${ip}`;
    return port === null ? host : `${host} && tcp.port == ${port}`;
  });
  return `(${parts.join(' && ')})`;
}
