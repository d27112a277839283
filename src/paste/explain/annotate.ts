import { MaskedBytes } from '../dump/bytes.js';
import { foreignName } from '../../protocols/foreign.js';
import type { MessageDirection } from './candidates.js';
import { annotateMessage, annotateWithoutPrefix, type AnnotatedMessage, type MessageContext } from './message.js';
import { fourLetterWord } from '../../protocols/zookeeper/connection/fourLetterWords.js';
import { requestEvidence, responseEvidence } from '../../protocols/zookeeper/connection/resync.js';
import { OutstandingRequests } from '../../protocols/zookeeper/connection/requests.js';

/** Bytes of one direction, in order and without a gap. */
export interface AnnotationInput {
  readonly data: MaskedBytes;
  /** What is known of their direction; null: found out message by message. */
  readonly direction: MessageDirection | null;
  /** Names of this direction and of the opposite one, where they are told apart; responses answer requests of the other. */
  readonly flow: string | null;
  readonly reverse: string | null;
}

/** Bytes that belong to no message that could be recognised. */
export interface UnreadBytes {
  readonly offset: number;
  readonly length: number;
}

export interface AnnotatedRun {
  /** As given, or as the messages themselves showed it. */
  readonly direction: MessageDirection | null;
  /** In order. */
  readonly messages: readonly AnnotatedMessage[];
  readonly unread: readonly UnreadBytes[];
}

export interface AnnotationOptions {
  /** Operation that responses answer whose request is not there. */
  readonly op?: string | null;
}

/** Boundaries that are tried in bytes that begin within a message, and lengths that are tried for masked ones. */
const MOST_BOUNDARIES = 1000;
const MOST_LENGTHS = 100_000;

/**
 * Finds ZooKeeper's messages in the bytes of pasted packets, and says of each field where it stands and what it means.
 * Only what the known bytes allow in one way is said: where several readings fit, what they have in common.
 */
export function annotate(inputs: readonly AnnotationInput[], options: AnnotationOptions = {}): AnnotatedRun[] {
  const directions = foundDirections(inputs, options);
  const pairs = new Pairs(options.op ?? null);
  const effort = { boundaries: MOST_BOUNDARIES, lengths: MOST_LENGTHS };
  const runs: (AnnotatedRun | null)[] = inputs.map(() => null);
  // Requests first, so that a paste may have them in any order.
  for (const requests of [true, false]) {
    inputs.forEach((input, i) => {
      if ((directions[i] === 'request') === requests) runs[i] = cut(input, directions[i]!, pairs, effort);
    });
  }
  return runs.map((run) => run!);
}

/** Directions that are given, or that a run's own messages (or those of the opposite direction) leave no doubt about. */
function foundDirections(inputs: readonly AnnotationInput[], options: AnnotationOptions): (MessageDirection | null)[] {
  const byFlow = new Map<string, MessageDirection>();
  const effort = { boundaries: MOST_BOUNDARIES, lengths: 0 };
  for (const input of inputs) {
    if (input.flow === null || input.reverse === null) continue;
    const direction =
      input.direction ?? onlyDirection(cut(input, null, new Pairs(options.op ?? null), effort).messages);
    if (direction === null || byFlow.has(input.flow)) continue;
    byFlow.set(input.flow, direction);
    byFlow.set(input.reverse, direction === 'request' ? 'response' : 'request');
  }
  return inputs.map(({ direction, flow }) => direction ?? (flow === null ? null : (byFlow.get(flow) ?? null)));
}

function onlyDirection(messages: readonly AnnotatedMessage[]): MessageDirection | null {
  const requests = messages.some(({ kind }) => kind === 'request' || kind === 'fourLetterWord');
  const responses = messages.some(({ kind }) => kind === 'response' || kind === 'notification');
  return requests === responses ? null : requests ? 'request' : 'response';
}

/** Operations of requests by flow and xid, for the responses that answer them. */
class Pairs {
  private readonly ops = new Map<string, string[]>();

  constructor(private readonly option: string | null) {}

  add(flow: string | null, xid: number, op: string): void {
    const key = `${flow ?? ''} ${xid}`;
    const ops = this.ops.get(key);
    if (ops === undefined) this.ops.set(key, [op]);
    else ops.push(op);
  }

  /** Of several requests with one xid the oldest is answered. */
  answered(flow: string | null, xid: number | null): ReturnType<MessageContext['answered']> {
    const op = xid === null ? undefined : this.ops.get(`${flow ?? ''} ${xid}`)?.[0];
    if (op !== undefined) return { op, from: 'request' };
    // A notification (-1) answers nothing, a ping (-2) always a ping.
    return this.option === null || xid === -1 || xid === -2 ? null : { op: this.option, from: 'option' };
  }

  /** Takes the request out; the last one stays, should the paste have its answer twice. */
  take(flow: string | null, xid: number): void {
    const ops = this.ops.get(`${flow ?? ''} ${xid}`);
    if (ops !== undefined && ops.length > 1) ops.shift();
  }
}

/** What may still be tried out, so that no paste takes for ever. */
interface Effort {
  boundaries: number;
  lengths: number;
}

/** Cuts a run into messages. */
function cut(input: AnnotationInput, direction: MessageDirection | null, pairs: Pairs, effort: Effort): AnnotatedRun {
  const { data } = input;
  const messages: AnnotatedMessage[] = [];
  const unread: UnreadBytes[] = [];
  const context: MessageContext = { direction, answered: (xid) => pairs.answered(input.reverse, xid), effort };
  const first = unframed(data, direction) ?? wholeWithoutPrefix(data, context);
  if (first !== null) return { direction, messages: [first], unread };
  let filled: Buffer | null = null;
  let at = 0;
  // Bytes of a known direction that are as long as their first four say are one message, even if an unusual one.
  let sure = direction !== null && data.isKnown(0, 4) && data.length === data.bytes.readInt32BE(0) + 4;
  while (at < data.length) {
    const message = annotateMessage(data, at, context, sure);
    if (message === null) {
      filled ??= data.filled(0x2f);
      const next = findMessage(data, filled, at + 1, context, effort);
      unread.push({ offset: at, length: next - at });
      at = next;
      sure = false;
      continue;
    }
    messages.push(message);
    remember(message, input, pairs);
    at = message.end;
    // Behind a message of unknown length nothing is sure.
    sure = message.length !== null;
  }
  return { direction, messages, unread };
}

function remember(message: AnnotatedMessage, { flow, reverse }: AnnotationInput, pairs: Pairs): void {
  const xid = message.fields.find(({ name }) => name === 'xid')?.value;
  if (typeof xid !== 'number') return;
  if (message.kind === 'request' && message.op !== null) pairs.add(flow, xid, message.op);
  else if (message.opFrom === 'request') pairs.take(reverse, xid);
}

/** Where the next message begins in bytes that begin within one; the end of the bytes if none does. */
function findMessage(data: MaskedBytes, filled: Buffer, from: number, context: MessageContext, effort: Effort): number {
  for (let at = from; effort.boundaries > 0; at++) {
    at = nextBoundary(data, filled, at, context.direction);
    if (at === data.length) return at;
    effort.boundaries--;
    if (annotateMessage(data, at, context, false) !== null) return at;
  }
  return data.length;
}

/** Bytes that are no message from their start on, but are exactly one without its length prefix. */
function wholeWithoutPrefix(data: MaskedBytes, context: MessageContext): AnnotatedMessage | null {
  if (annotateMessage(data, 0, context, false) !== null) return null;
  return annotateWithoutPrefix(data, context);
}

/**
 * Where the next message may begin, judged as in a capture that starts in mid-stream. Masked bytes are taken for `/`, which
 * is what paths are made of: lengths and headers must be known.
 */
function nextBoundary(data: MaskedBytes, filled: Buffer, from: number, direction: MessageDirection | null): number {
  const none = new OutstandingRequests();
  for (let at = from; at + 12 <= data.length; at++) {
    if (filled[at]! > 7 || !data.isKnown(at, at + 12)) continue;
    if (direction !== 'response' && requestEvidence(filled, at, filled.length) === 'strong') return at;
    if (direction === 'request') continue;
    const evidence = responseEvidence(filled, at, filled.length, none, -1);
    if (evidence === 'strong') return at;
    // A response to something that is not known: only if it ends where the bytes end.
    if (evidence === 'weak' && at + 4 + filled.readInt32BE(at) === filled.length) return at;
  }
  return data.length;
}

/** How answers to four-letter words begin. */
const WORD_ANSWERS =
  /^(?:imok$|Zookeeper version: |zk_|clientPort=|Environment:|This ZooKeeper instance is not|\w{4} is not executed because|SessionTracker dump|(?:rw|ro|null)$)/;

/** What is not framed by lengths at all: four-letter words, their answers, TLS, HTTP. */
function unframed(data: MaskedBytes, direction: MessageDirection | null): AnnotatedMessage | null {
  const { bytes, length } = data;
  if (!data.isKnown(0, Math.min(4, length)) || length < 2) return null;
  const word = fourLetterWord(bytes, 0, length);
  if (word !== null && direction !== 'response' && /^[\s\0]*$/.test(bytes.toString('latin1', 4))) {
    return whole(data, 'fourLetterWord', word, []);
  }
  const foreign = foreignName(bytes, 0, length) ?? tlsRecord(data);
  if (foreign !== null) return whole(data, 'foreign', foreign, foreign === 'TLS' ? tlsNotes(data) : []);
  if (!data.isKnown(0, length)) return null;
  const text = bytes.toString('latin1');
  if (WORD_ANSWERS.test(text.trimEnd())) return whole(data, 'text', null, []);
  return direction === 'response' && length > 4 && /^[\t\n\r -~]+$/.test(text) ? whole(data, 'text', null, []) : null;
}

/** TLS records other than a handshake (RFC 8446, 5.1): change cipher spec, alert, application data. */
function tlsRecord(data: MaskedBytes): string | null {
  const type = data.bytes[0]!;
  if (!data.isKnown(0, 5) || type < 20 || type > 23) return null;
  return data.bytes[1] === 3 && data.bytes[2]! <= 4 && data.bytes.readUInt16BE(3) <= 16_640 ? 'TLS' : null;
}

const TLS_RECORDS: Record<number, string> = {
  20: 'change cipher spec',
  21: 'alert',
  22: 'handshake',
  23: 'application data',
};

function tlsNotes(data: MaskedBytes): string[] {
  const record = TLS_RECORDS[data.bytes[0]!]!;
  if (record !== 'handshake' || !data.isKnown(5, 6)) return [`It is a TLS record: ${record}.`];
  if (data.bytes[5] === 1) return ['It is a ClientHello, the first message of a TLS handshake.'];
  return [data.bytes[5] === 2 ? 'It is a ServerHello, the answer to a ClientHello.' : 'It is part of a TLS handshake.'];
}

function whole(
  data: MaskedBytes,
  kind: 'fourLetterWord' | 'text' | 'foreign',
  op: string | null,
  notes: readonly string[],
): AnnotatedMessage {
  const all = kind === 'fourLetterWord' ? 4 : data.length;
  return {
    offset: 0,
    end: data.length,
    length: null,
    missing: 0,
    kind,
    op,
    possibleOps: [],
    opFrom: op === null ? null : 'message',
    fields: [
      {
        name: kind === 'fourLetterWord' ? 'word' : kind === 'text' ? 'text' : '',
        type: kind === 'foreign' ? 'rest' : 'ustring',
        offset: 0,
        length: all,
        value: kind === 'foreign' ? null : data.bytes.toString('latin1', 0, all),
        known: data.isKnown(0, all) ? 'known' : 'partly',
        partial: null,
        inferred: false,
      },
    ],
    notes,
  };
}
