import { createReadStream, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { analyze, CaptureError, decode } from './index.js';

const file = (name: string): string => fileURLToPath(new URL(`../fixtures/protocol/${name}`, import.meta.url));

describe('decode', () => {
  it('yields the messages that the expected lines hold', async () => {
    const expected = readFileSync(file('kazoo-client.expected.ndjson'), 'utf8').trim().split('\n');
    const found = [];
    for await (const message of decode(file('kazoo-client.pcap'))) found.push(message);
    // An answer to a four-letter word is told when the server ends it: other connections may have gone on meanwhile.
    found.sort((a, b) => a.frame - b.frame);
    expect(found.map((message) => [message.frame, message.kind])).toEqual(
      expected
        .map((line) => JSON.parse(line) as { frame: number; kind: string })
        .map((line) => [line.frame, line.kind]),
    );
  });

  it('reads streams, and several captures', async () => {
    let count = 0;
    const stream = { name: 'stream', stream: createReadStream(file('go-client.pcap')) };
    for await (const message of decode([stream, file('c-client.pcap')])) if (message.kind !== 'gap') count++;
    expect(count).toBe(58 + 41);
  });

  it('can be left early', async () => {
    for await (const message of decode(file('every-opcode.pcap'))) {
      expect(message.frame).toBe(4);
      break;
    }
  });

  it('gives data only if asked for', async () => {
    const fields = new Set<string>();
    for await (const message of decode(file('kazoo-client.pcap')))
      Object.keys(message).forEach((name) => fields.add(name));
    expect(fields.has('data')).toBe(false);
    let first: unknown;
    for await (const message of decode(file('kazoo-client.pcap'), { data: true })) {
      if (message.kind === 'request' && message.op === 'create') first ??= message.data;
    }
    expect(first).toMatch(/^[A-Za-z0-9+/]+=*$/);
  });

  it('throws CaptureError where there is nothing to read', async () => {
    const read = async (): Promise<void> => {
      for await (const message of decode('/nowhere/at/all.pcap')) expect.fail(JSON.stringify(message));
    };
    await expect(read()).rejects.toThrow(CaptureError);
  });
});

describe('analyze', () => {
  it('gives the document of zkscope analyze --json', async () => {
    const document = await analyze(file('kazoo-client.pcap'));
    expect(document.schemaVersion).toBe(1);
    expect(document.summary.messages).toBe(99);
    expect(document.findings.filter((finding) => finding.severity !== 'info')).toEqual([]);
  });
});
