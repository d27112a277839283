import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { decode } from '../../index.js';
import type { MessageRecord } from '../../observations/record.js';
import { readCapture } from '../../testing/captureFile.js';
import { luaMessages, luas } from '../../testing/wiresharkApi.js';
import { wiresharkDissector } from './dissector.js';

const text = (hex: unknown): string => Buffer.from(hex as string, 'hex').toString();

/** What stands in the tree, in the words of the decoded message. */
function told(message: MessageRecord): MessageRecord {
  const { frame, op, xid, zxid, err, latency, path } = message;
  const [seconds, nanoseconds] = ((latency ?? '') as string).split(' ').map(Number);
  return {
    frame,
    op: op === undefined ? null : text(op),
    ...(xid === undefined ? {} : { xid: Number(xid) }),
    ...(zxid === undefined ? {} : { zxid: `0x${BigInt(`0x${zxid as string}`).toString(16)}` }),
    ...(err === undefined || message['request'] === 'true' ? {} : { err: Number(err) }),
    ...(path === undefined || text(op) === 'multi' ? {} : { path: text(path) }),
    ...(latency === undefined ? {} : { latency: seconds! * 1e9 + nanoseconds! }),
  };
}

function expected({ frame, op, xid, zxid, err, path, latency }: MessageRecord): MessageRecord {
  const rounded = latency === undefined ? {} : { latency: Math.round((latency as number) * 1e9) };
  const rest = Object.entries({ xid, zxid, err, path }).filter(([, value]) => value !== undefined);
  return { frame, op, ...Object.fromEntries(rest), ...rounded };
}

describe.skipIf(luas.length === 0)('the script in Lua itself (where lua5.2, lua5.3 or lua5.4 is installed)', () => {
  const script = wiresharkDissector('test');
  for (const lua of luas) {
    for (const name of ['go-client', 'kazoo-client', 'reconnect-setwatches', 'mid-stream']) {
      it(`${lua} says of ${name} what zkscope says`, async () => {
        const path = fileURLToPath(new URL(`../../../fixtures/protocol/${name}.pcap`, import.meta.url));
        const records: MessageRecord[] = [];
        for await (const message of decode(path)) {
          const record = message as unknown as MessageRecord;
          if (record['kind'] !== 'gap' && record['op'] !== 'fourLetterWord') records.push(record);
        }
        const messages = luaMessages(lua, script, readCapture(readFileSync(path)));
        const actual = messages.filter(({ word }) => word === undefined).map(told);
        expect(actual).toEqual(records.map(expected));
      });
    }
  }
});
