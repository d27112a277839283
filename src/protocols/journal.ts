import type { Direction } from '../network/connection.js';
import type { LineFields } from './lineFields.js';
import type { MessageBase } from './protocol.js';

/** Gives moments of the run as text with all digits, and back (see capture/clock.ts). */
export interface LineClock {
  format(time: number): string;
  /** Nanoseconds since the base of the run; null where that is no time. */
  parse(text: string): number | null;
}

/** What every line of a message says, read and checked. */
export interface LinePlace {
  readonly direction: Direction;
  readonly kind: MessageBase['kind'];
  readonly op: string | null;
  readonly frame: number;
  readonly time: number;
  readonly firstFrame: number;
  readonly streamEnd: number;
  readonly truncated: boolean;
}

/** The connection that a line names. */
export interface LineConnection {
  readonly id: number;
  readonly client: { readonly ip: string; readonly text: string };
  readonly server: { readonly ip: string; readonly text: string };
}

/** Makes messages of one protocol's lines, in the order of the journal. One for each run: it keeps what answers need. */
export interface LineReader<Of extends MessageBase = MessageBase> {
  /** Null where the line cannot be one of this protocol. Fields that are missing or of a wrong type count as absent. */
  message(line: LineFields, place: LinePlace, connection: LineConnection): Of | null;
  /** Bytes of the connection are missing. */
  gap(connection: number, direction: Direction): void;
  closed(connection: number): void;
}

/** How messages of a protocol travel as lines (`decode --json --connections`) to another host, and become messages there. */
export interface JournalFormat<Of extends MessageBase = MessageBase> {
  /** What a line needs beside the fields that are printed, so that nothing is lost that the model asks for. */
  extra(message: Of, clock: LineClock): Record<string, unknown>;
  reader(clock: LineClock): LineReader<Of>;
}
