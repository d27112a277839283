import { sinkOf } from '../observations/forward.js';
import type { ConnectionFacts } from '../observations/connectionFacts.js';
import { CaptureReader, type CaptureReaderOptions } from '../observations/captureReader.js';
import { gapRecord, messageRecord, type MessageRecord } from '../observations/record.js';
import { streamInput } from './readFrames.js';

export interface Decoded {
  readonly messages: MessageRecord[];
  readonly gaps: MessageRecord[];
  readonly connections: ConnectionFacts[];
  readonly reader: CaptureReader;
}

/** Everything that the bytes of one capture file hold. */
export async function decodeBytes(
  files: Buffer | readonly Buffer[],
  options: CaptureReaderOptions = {},
): Promise<Decoded> {
  const messages: MessageRecord[] = [];
  const gaps: MessageRecord[] = [];
  const connections: ConnectionFacts[] = [];
  const list = Buffer.isBuffer(files) ? [files] : files;
  const reader: CaptureReader = new CaptureReader(
    list.map((bytes, i) => streamInput(bytes, undefined, `capture ${i}`)),
    sinkOf({
      message: (message, connection) => {
        messages.push(messageRecord(message, connection, reader.clock, { data: false }));
      },
      gap: (gap, connection) => {
        gaps.push(gapRecord(gap, connection, reader.clock));
      },
      opened: (connection) => {
        connections.push(connection);
      },
    }),
    options,
  );
  await reader.read();
  return { messages, gaps, connections, reader };
}

const PLACE = new Set(['frame', 'firstFrame', 'time', 'ts', 'latency', 'connection', 'requestFrame']);

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
