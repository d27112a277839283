import type { JournalFormat } from './journal.js';
import type { Connection, Direction, Encrypted } from '../network/connection.js';
import type { StreamChunk } from '../network/streamChunk.js';
import type { StreamHandler } from '../network/streamHandler.js';
import type { FieldTable, LinePart } from './field.js';

/**
 * What every decoded message has, whatever its protocol: the protocols' own messages (`Message` in registry.ts) are told
 * apart by `protocol`. Reused by some decoders: valid until the callback returns.
 */
export interface MessageBase {
  readonly protocol: string;
  readonly direction: Direction;
  /** Frame that completed the message and its time; frame that brought its first byte. */
  readonly frame: number;
  readonly time: number;
  readonly firstFrame: number;
  readonly kind: 'request' | 'response' | 'notification' | 'message';
  /** Operation under the protocol's own name; null for a response whose request was not captured. */
  readonly op: string | null;
  /**
   * Position in the direction's stream behind the last byte: received once `stream(direction).acked` reaches it.
   * A layer between, whose records can only be read whole, sets it to the end of the record.
   */
  streamEnd: number;
  /** Only part of the message was captured. */
  readonly truncated: boolean;
  /**
   * The protocol's own fields as they are printed, without the common ones that report/ adds. A decoder of many messages
   * adds them to `record` and gives that back; others may give an object of their own.
   */
  toRecord(options: RecordOptions, record?: Record<string, unknown>): Record<string, unknown>;
}

/** A message with the connection that it came on, as decoders tell it: the wall (observations/) takes it off. */
export interface ToldMessage extends MessageBase {
  readonly connection: Connection;
}

export interface RecordOptions {
  /** Show payload bytes (base64 under `data`). */
  readonly data: boolean;
}

/**
 * Bytes that were lost to the capture (`missing`), that belong to no message that could be aligned (`skipped`), or that
 * are another protocol's on this port (`foreign`, told once at the end of the connection: see `connection.foreign`; frame
 * and time are then those of the first bytes), or that nobody could decrypt (`encrypted`, told at the end as well: see
 * `connection.encrypted`).
 */
export interface Gap {
  readonly direction: Direction;
  readonly frame: number;
  readonly time: number;
  readonly bytes: number;
  readonly reason: 'missing' | 'skipped' | 'foreign' | 'encrypted';
  /** Why nobody could decrypt it. */
  readonly encrypted?: Encrypted;
  /** Of `foreign`: the first bytes of that direction, at most 8, as hex. */
  readonly firstBytes?: string;
}

export interface ConnectedGap extends Gap {
  readonly connection: Connection;
}

/** What is told of `length` bytes of a direction that were lost to the capture. */
export function missingBytes(
  connection: Connection,
  direction: Direction,
  length: number,
  frame: number,
  time: number,
): ConnectedGap {
  return { connection, direction, frame, time, bytes: length, reason: 'missing' };
}

/** Where decoders put what they find. */
export interface MessageSink {
  message(message: ToldMessage): void;
  gap(gap: ConnectedGap): void;
}

/**
 * Decodes both directions of one connection. Bytes are valid only during the call. Missing bytes are told for it, unless
 * it `tellsMissing` itself: `gap` has only to find its way on.
 */
export type ConnectionDecoder = StreamHandler;

export type { Encrypted };

/** Opens whoever speaks inside of a carrier, such as TLS. */
export type OpenInside = (connection: Connection, sink: MessageSink) => ConnectionDecoder;

/** `yes` and `no` are final; `more` asks to be called again with more of the same first bytes. */
export type Recognition = 'yes' | 'no' | 'more';

/** A protocol registers itself by one of these in protocols/registry.ts; no other layer needs to know it by name. */
export interface Protocol<Fields extends FieldTable = FieldTable, Of extends MessageBase = MessageBase> {
  readonly name: string;
  /** The fields that its messages are printed with, beside those of every message. */
  readonly fields: Fields;
  /** Names of its operations, as far as they are known beforehand. */
  readonly ops: readonly string[];
  /** What a line of `zkscope decode` shows of a message that was printed with these fields. */
  line(record: Readonly<Record<string, unknown>>): readonly LinePart[];
  /** How its messages travel as lines, and become messages again. */
  readonly journal: JournalFormat<Of>;
  /** Server ports that it is expected on. */
  readonly ports: readonly number[];
  /** Server ports on which it is expected inside of another layer (TLS). */
  readonly portsInside?: readonly number[];
  /** It carries others: looked for before them, on every port of theirs. */
  readonly carrier?: boolean;
  /**
   * Looks at the first bytes that the client sent on a connection whose start was captured, on any port.
   * Must be strict: `yes` takes the connection. `expected` says whether the port is one of some protocol.
   */
  recognise(bytes: Buffer, start: number, end: number, expected?: boolean): Recognition;
  /**
   * Looks at payload of a connection of which neither the start was captured nor a port tells anything: one to three
   * segments that followed on each other, oldest first. Says in which direction the latest goes if it is surely of this
   * protocol: by what it is alone, or because three in a row agree.
   */
  recogniseMidStream?(chunks: readonly StreamChunk[]): Direction | null;
  /** @param inside opens whoever speaks inside of a carrier; what is found there goes to the sink that it is given */
  open(connection: Connection, sink: MessageSink, inside?: OpenInside): ConnectionDecoder;
}
