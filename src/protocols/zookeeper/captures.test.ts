import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { messageRecord, type MessageRecord } from '../../observations/record.js';
import { MessageReader } from '../messageReader.js';
import { zookeeper } from './index.js';
import type { ConnectedMessage } from '../registry.js';

const folder = new URL('../../../fixtures/protocol/', import.meta.url);

async function decode(file: string): Promise<MessageRecord[]> {
  const records: MessageRecord[] = [];
  const none = (): void => undefined;
  const reader: MessageReader = new MessageReader(
    [fileURLToPath(new URL(file, folder))],
    {
      message: (message: ConnectedMessage) =>
        records.push(messageRecord(message, message.connection, reader.clock, { data: false })),
      gap: (gap) => {
        // An unknown word on the port (`nope` in every-opcode) is no message.
        if (gap.reason !== 'foreign') expect.fail(`gap of ${gap.bytes} bytes at frame ${gap.frame}`);
      },
      connectionOpened: none,
      connectionClosed: none,
    },
    { protocols: [zookeeper()] },
  );
  await reader.read();
  return records;
}

/** A record as the independent decoder gives it: lists of setWatches as counts, other create forms in a multi as create2. */
function comparable(actual: MessageRecord, expected: MessageRecord): MessageRecord {
  const result: MessageRecord = {};
  for (const [name, value] of Object.entries(expected)) {
    if (name.endsWith('Count')) result[name] = (actual[name.slice(0, -5)] as unknown[]).length;
    else if (name === 'ops')
      result[name] = (value as MessageRecord[]).map((op, i) =>
        comparableOp((actual['ops'] as MessageRecord[])[i]!, op),
      );
    else result[name] = actual[name];
  }
  return result;
}

function comparableOp(actual: MessageRecord, expected: MessageRecord): MessageRecord {
  const other = expected['op'] === 'create2' && (actual['op'] === 'createContainer' || actual['op'] === 'createTTL');
  return Object.fromEntries(
    Object.keys(expected).map((name) => [name, name === 'op' && other ? 'create2' : actual[name]]),
  );
}

describe('every message of real clients', () => {
  for (const name of readdirSync(folder).filter((file) => /\.pcap(ng)?$/.test(file))) {
    it(`is found, and no other, in ${name}`, async () => {
      const lines = readFileSync(new URL(name.replace(/\.pcap(ng)?$/, '.expected.ndjson'), folder), 'utf8')
        .trim()
        .split('\n');
      const expected = lines.map((line) => JSON.parse(line) as MessageRecord);
      // The answer to a four-letter word is told when the server ends it, which may be after what others said meanwhile.
      const actual = (await decode(name)).sort((a, b) => Number(a['frame']) - Number(b['frame']));
      const pairs = expected.map((line, i) => ({
        line,
        got: actual[i] === undefined ? null : comparable(actual[i], line),
      }));
      for (const { line, got } of pairs) expect(got).toEqual(line);
      expect(actual.length).toBe(expected.length);
    });
  }
});
