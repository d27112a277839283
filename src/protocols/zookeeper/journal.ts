import type { JournalFormat, LineClock, LineConnection, LinePlace, LineReader } from '../journal.js';
import type { LineFields } from '../lineFields.js';
import { TO_CLIENT, type Direction } from '../../network/connection.js';
import { RequestBudget } from './connection/requestBudget.js';
import { OutstandingRequests } from './connection/requests.js';
import { keepsBody } from './format/records.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from './message.js';
import { RecordedMessage } from './recordedMessage.js';

/** Requests that are needed after their bytes are gone, beside those of the table (`keepsBody`). */
const KEPT = new Set(['connect', 'fourLetterWord']);

/** How messages of the client protocol travel as lines. */
export const zookeeperJournal: JournalFormat<ZooKeeperMessage> = {
  extra,
  reader: (clock) => new ZooKeeperLines(clock),
};

/**
 * `firstTime` of what came in several frames. `sessionId` of what opens a session: asked for, or granted (`0x0`: none).
 * `digestUser`: whose credentials it sends.
 */
function extra(m: ZooKeeperMessage, clock: LineClock): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (m.firstTime !== m.time) fields['firstTime'] = clock.format(m.firstTime);
  const sessionId = m.kind === 'request' ? m.requestBody()?.sessionId : m.responseBody()?.sessionId;
  if (sessionId !== undefined) fields['sessionId'] = sessionId;
  const user = m.digestUser();
  if (user !== null) fields['digestUser'] = user;
  return fields;
}

/** The requests of one connection that answers may name: those without an xid apart. */
interface Asked {
  readonly book: OutstandingRequests;
  connect: ZooKeeperRequest | null;
  word: ZooKeeperRequest | null;
}

/** Pairs answers with the requests that they name. */
class ZooKeeperLines implements LineReader {
  private readonly connections = new Map<number, Asked>();
  private readonly budget = new RequestBudget();

  constructor(private readonly clock: LineClock) {}

  message(line: LineFields, place: LinePlace, { id }: LineConnection): RecordedMessage | null {
    const { kind } = place;
    if (kind === 'message') return null;
    const message = new RecordedMessage(line, place, kind, this.clock.parse(line.text('firstTime') ?? ''));
    let asked = this.connections.get(id);
    if (asked === undefined) {
      asked = { book: new OutstandingRequests(undefined, this.budget), connect: null, word: null };
      this.connections.set(id, asked);
    }
    message.waiting = asked.book;
    if (kind === 'request') message.request = requestOf(message, asked);
    else if (kind === 'response') message.request = answeredBy(line, message, asked);
    return message;
  }

  gap(connection: number, direction: Direction): void {
    // Answers name their requests, so nothing shifts; but which of them still wait nobody knows.
    if (direction === TO_CLIENT) this.connections.get(connection)?.book.doubt();
  }

  closed(connection: number): void {
    this.connections.get(connection)?.book.end();
    this.connections.delete(connection);
  }
}

function requestOf(message: RecordedMessage, asked: Asked): ZooKeeperRequest {
  const { op, xid, path, watch, flags, truncated, length, frame, time, streamEnd } = message;
  const opcode = message.opcode ?? 0;
  const name = op ?? '';
  const body = KEPT.has(name) || keepsBody(opcode) ? message.requestBody() : null;
  const request = { opcode, op: name, xid, path, watch, flags, truncated, length, frame, time, streamEnd, body };
  if (name === 'fourLetterWord') asked.word = request;
  else if (name === 'connect') asked.connect = asked.book.connecting = request;
  else asked.book.add(request);
  return request;
}

function answeredBy(line: LineFields, { xid, op }: RecordedMessage, asked: Asked): ZooKeeperRequest | null {
  const frame = line.integer('requestFrame');
  if (frame === null) return null;
  const { book, connect, word } = asked;
  if (op === 'fourLetterWord') return word?.frame === frame ? word : null;
  if (op !== 'connect') return book.takeThat(xid, frame, op);
  if (connect?.frame !== frame) return null;
  book.connecting = null;
  return connect;
}
