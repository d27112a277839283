import type { Connection } from '../network/connection.js';
import { MessageReader, type MessageReaderOptions } from '../protocols/messageReader.js';
import { gapRecord, messageRecord, type MessageRecord } from '../observations/record.js';
import { streamInput } from './readFrames.js';

export interface Decoded {
  readonly messages: MessageRecord[];
  readonly gaps: MessageRecord[];
  readonly connections: Connection[];
  readonly reader: MessageReader;
}

/** Everything that the bytes of one capture file hold. */
export async function decodeBytes(
  files: Buffer | readonly Buffer[],
  options: MessageReaderOptions = {},
): Promise<Decoded> {
  const messages: MessageRecord[] = [];
  const gaps: MessageRecord[] = [];
  const connections: Connection[] = [];
  const list = Buffer.isBuffer(files) ? [files] : files;
  const reader: MessageReader = new MessageReader(
    list.map((bytes, i) => streamInput(bytes, undefined, `capture ${i}`)),
    {
      message: (message) => messages.push(messageRecord(message, reader.clock, { data: false })),
      gap: (gap) => gaps.push(gapRecord(gap, reader.clock)),
      connectionOpened: (connection) => connections.push(connection),
      connectionClosed: () => undefined,
    },
    options,
  );
  await reader.read();
  return { messages, gaps, connections, reader };
}

const PLACE = new Set(['frame', 'firstFrame', 'time', 'ts', 'latency', 'connection']);

/** What a message says, without when and where it was captured. */
export function content(record: MessageRecord): string {
  return JSON.stringify(Object.entries(record).filter(([name]) => !PLACE.has(name)));
}

/** Contents by connection and direction, in order. */
export function conversations(messages: readonly MessageRecord[]): Record<string, string[]> {
  const result: Record<string, string[]> = {};
  for (const message of messages) {
    const direction = message['kind'] === 'request' ? '>' : '<';
    const name = `${String(message['client'])} ${direction} ${String(message['server'])}`;
    (result[name] ??= []).push(content(message));
  }
  return result;
}
