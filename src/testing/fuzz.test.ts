import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allKeys, readAll } from './fuzz.js';
import { CaptureBuilder } from './captureBuilder.js';

const folder = new URL('../../fixtures/fuzz/', import.meta.url);
const kept = existsSync(folder) ? readdirSync(folder) : [];

describe('damaged captures', () => {
  it('are read or refused, every one that fuzzing ever found', async () => {
    const keys = allKeys();
    for (const name of kept)
      expect(['read', 'refused']).toContain(await readAll(readFileSync(new URL(name, folder)), keys));
  });

  it('are refused where they are none', async () => {
    expect(await readAll(Buffer.from('not a capture at all, but some text that someone piped in'))).toBe('refused');
  });

  it('are read at whatever offset they end', async () => {
    const builder = new CaptureBuilder();
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
    connection.handshake();
    connection.client(Buffer.from('00000008fffffffe0000000b', 'hex'));
    connection.server(Buffer.from('00000010fffffffe000000010000000200000000', 'hex'));
    const file = builder.toPcap();
    for (let length = 0; length <= file.length; length++) {
      expect(await readAll(file.subarray(0, length))).toBe(length < 24 ? 'refused' : 'read');
    }
  });
});
