import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER, type Direction } from '../../network/connection.js';
import { MessageReader } from '../messageReader.js';
import { readCapture, writePcap } from '../../testing/captureFile.js';
import { thinned } from '../../testing/lossRewriting.js';
import { streamInput } from '../../testing/readFrames.js';
import { hasTshark, tsharkStreams, withFile } from '../../testing/tshark.js';
import { zookeeper } from './index.js';

const fixtures = new URL('../../../fixtures/protocol/', import.meta.url);

interface Account {
  readonly client: string;
  readonly server: string;
  /** Bytes of each direction in messages (with their length prefixes), skipped, foreign, and missing. */
  readonly bytes: [number, number];
  readonly missing: [number, number];
  readonly delivered: [number, number];
}

/** Where each byte of each ZooKeeper connection went. */
async function accounts(file: Buffer): Promise<Map<number, Account>> {
  const result = new Map<number, Account>();
  const reader = new MessageReader(
    [streamInput(file)],
    {
      connectionOpened: (c) =>
        result.set(c.id, {
          client: c.client.text,
          server: c.server.text,
          bytes: [0, 0],
          missing: [0, 0],
          delivered: [0, 0],
        }),
      connectionClosed: (c) => {
        const account = result.get(c.id)!;
        for (const direction of [TO_SERVER, TO_CLIENT] as const)
          account.delivered[direction] = c.stream(direction).delivered;
      },
      message: (message) => {
        const { length, answerLength, word, truncated } = message as unknown as {
          length: number;
          answerLength: number;
          word: string | null;
          truncated: boolean;
        };
        expect(truncated, 'whole captures have no truncated message').toBe(false);
        const size = word === null ? length + 4 : message.kind === 'request' ? 4 : answerLength;
        add(result, message.connection.id, message.direction, size);
      },
      gap: (gap) => {
        if (gap.reason === 'missing') result.get(gap.connection.id)!.missing[gap.direction] += gap.bytes;
        else add(result, gap.connection.id, gap.direction, gap.bytes);
      },
    },
    { protocols: [zookeeper()] },
  );
  await reader.read();
  return result;
}

function add(result: Map<number, Account>, connection: number, direction: Direction, bytes: number): void {
  result.get(connection)!.bytes[direction] += bytes;
}

describe.skipIf(!hasTshark)("bytes in messages, skipped and missing add up to tshark's streams", () => {
  it.each(readdirSync(fixtures).filter((name) => /\.pcap(ng)?$/.test(name)))('in %s', async (name) => {
    const file = readFileSync(new URL(name, fixtures));
    const ours = await accounts(file);
    const theirs = withFile(file, (path) => tsharkStreams(path, Math.max(0, ...ours.keys()) + 1));
    for (const [id, account] of ours) {
      const stream = theirs[id]!;
      const clientFirst = stream.ends[0] === account.client;
      expect(stream.ends[clientFirst ? 1 : 0]).toBe(account.server);
      const [toServer, toClient] = clientFirst ? stream.bytes : [stream.bytes[1], stream.bytes[0]];
      expect(account.bytes).toEqual([toServer.length, toClient.length]);
      expect(account.missing).toEqual([0, 0]);
    }
  });
});

describe('gaps and streams', () => {
  it('agree on what is missing when frames are removed', async () => {
    const packets = readCapture(readFileSync(new URL('mid-stream.pcap', fixtures)));
    for (let seed = 1; seed <= 20; seed++) {
      const decoded = new Map<number, [number, number]>();
      const reader = new MessageReader([streamInput(writePcap(thinned(packets, seed, 0.05)))], {
        connectionOpened: () => undefined,
        message: () => undefined,
        gap: (gap) => {
          const missing = decoded.get(gap.connection.id) ?? [0, 0];
          if (gap.reason === 'missing') missing[gap.direction] += gap.bytes;
          decoded.set(gap.connection.id, missing);
        },
        connectionClosed: (c) => {
          expect(decoded.get(c.id) ?? [0, 0]).toEqual([c.toServer.gapBytes, c.toClient.gapBytes]);
        },
      });
      await reader.read();
    }
  });
});
