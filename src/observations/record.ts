import type { LatencyParts } from '../capture/hosts.js';
import type { Clock } from '../capture/clock.js';
import { TO_SERVER, type ConnectionFacts } from './connectionFacts.js';
import type { Gap, RecordOptions } from '../protocols/protocol.js';
import type { Message } from '../protocols/registry.js';

/** Nanoseconds. */
const SECOND = 1e9;

/** A message as it is printed: the common fields first, then those of its protocol. */
export type MessageRecord = Record<string, unknown>;

/** Plain object of a message under the names of the documented JSON output. */
export function messageRecord(
  message: Message,
  connection: Pick<ConnectionFacts, 'id' | 'client' | 'server'>,
  clock: Clock,
  options: RecordOptions,
): MessageRecord {
  const record: MessageRecord = {
    frame: message.frame,
    firstFrame: message.firstFrame,
    time: clock.format(message.time),
    ts: clock.epochSeconds(message.time),
    protocol: message.protocol,
    connection: connection.id,
    client: connection.client.text,
    server: connection.server.text,
  };
  if ('session' in message) record['session'] = message.session;
  record['kind'] = message.kind;
  record['op'] = message.op;
  const own = message.toRecord(options, record);
  if (own !== record) Object.assign(record, own);
  if ('parts' in message && message.parts !== null) addParts(record, message.parts);
  if (message.truncated) record['truncated'] = true;
  return record;
}

function addParts(record: MessageRecord, { wayThere, inServer, wayBack }: LatencyParts): void {
  record['wayThere'] = wayThere / SECOND;
  record['inServer'] = inServer / SECOND;
  record['wayBack'] = wayBack / SECOND;
}

/** Plain object of a gap: bytes that are missing (or belong to no message) in one direction of a connection. */
export function gapRecord(gap: Gap, connection: ConnectionFacts, clock: Clock): MessageRecord {
  return {
    kind: 'gap',
    frame: gap.frame,
    time: clock.format(gap.time),
    ts: clock.epochSeconds(gap.time),
    protocol: connection.protocol,
    connection: connection.id,
    client: connection.client.text,
    server: connection.server.text,
    direction: gap.direction === TO_SERVER ? 'request' : 'response',
    bytes: gap.bytes,
    reason: gap.reason,
    ...(gap.reason === 'foreign' ? { foreign: connection.foreign } : {}),
    ...(gap.reason === 'encrypted' ? { encrypted: gap.encrypted } : {}),
    ...(gap.firstBytes === undefined ? {} : { firstBytes: gap.firstBytes }),
  };
}
