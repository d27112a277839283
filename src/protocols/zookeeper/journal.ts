import type { JournalFormat, LineConnection, LinePlace, LineReader } from '../journal.js';
import type { LineFields } from '../lineFields.js';
import type { Message } from '../protocol.js';
import { keepsBody } from './format/records.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from './message.js';
import { RecordedMessage } from './recordedMessage.js';

/** Requests of one connection that are remembered until their answer; beyond that the oldest is forgotten. */
const MOST_WAITING = 65_536;
/** Requests that are needed after their bytes are gone, beside those of the table (`keepsBody`). */
const KEPT = new Set(['connect', 'fourLetterWord']);

/** How messages of the client protocol travel as lines. */
export const zookeeperJournal: JournalFormat = { extra, reader: () => new ZooKeeperLines() };

/** `requestFrame` of an answer; `sessionId` of what opens a session: asked for, or granted (`0x0`: none). */
function extra(message: Message): Record<string, unknown> {
  const m = message as ZooKeeperMessage;
  const fields: Record<string, unknown> = {};
  if (m.kind === 'response' && m.request !== null) fields['requestFrame'] = m.request.frame;
  const sessionId = m.kind === 'request' ? m.requestBody()?.sessionId : m.responseBody()?.sessionId;
  if (sessionId !== undefined) fields['sessionId'] = sessionId;
  return fields;
}

/** Pairs answers with the requests that they name. */
class ZooKeeperLines implements LineReader {
  private readonly waiting = new Map<number, ZooKeeperRequest[]>();

  message(line: LineFields, place: LinePlace, { id }: LineConnection): RecordedMessage | null {
    const { kind } = place;
    if (kind === 'message') return null;
    const message = new RecordedMessage(line, place, kind);
    if (kind === 'request') message.request = this.asked(message, id);
    else if (kind === 'response') message.request = this.answered(line, message, id);
    return message;
  }

  private asked(message: RecordedMessage, connection: number): ZooKeeperRequest {
    const { op, xid, path, watch, flags, length, frame, time, streamEnd } = message;
    const opcode = message.opcode ?? 0;
    const name = op ?? '';
    const body = KEPT.has(name) || keepsBody(opcode) ? message.requestBody() : null;
    const request = { opcode, op: name, xid, path, watch, flags, length, frame, time, streamEnd, body };
    let list = this.waiting.get(connection);
    if (list === undefined) this.waiting.set(connection, (list = []));
    list.push(request);
    if (list.length > MOST_WAITING) list.splice(0, MOST_WAITING >>> 3);
    return request;
  }

  private answered(line: LineFields, { xid, op }: RecordedMessage, connection: number): ZooKeeperRequest | null {
    const frame = line.integer('requestFrame');
    const list = this.waiting.get(connection);
    if (frame === null || list === undefined) return null;
    const at = list.findIndex((request) => request.frame === frame && request.xid === xid && request.op === op);
    return at < 0 ? null : (list.splice(at, 1)[0] ?? null);
  }

  gap(): void {
    // Answers name their requests: nothing shifts.
  }

  closed(connection: number): void {
    this.waiting.delete(connection);
  }
}
