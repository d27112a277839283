import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allKeyLogs, allKeys, readAll } from './fuzz.js';
import { CaptureBuilder } from './captureBuilder.js';
import { COMMAND_LINES, CommandRunner } from './fuzzCommands.js';

const folder = new URL('../../fixtures/fuzz/', import.meta.url);
const kept = existsSync(folder) ? readdirSync(folder) : [];

describe('damaged captures', () => {
  const keys = allKeys();
  const commands = Object.values(COMMAND_LINES).flat();

  it.each(kept)('%s, which fuzzing found: every command reads or refuses it', { timeout: 120_000 }, async (name) => {
    const { about } = await readAll(readFileSync(new URL(name, folder)), keys);
    const runner = new CommandRunner(allKeyLogs());
    try {
      for (const line of commands) expect(['read', 'refused']).toContain(await runner.run(line, about));
    } finally {
      runner.close();
    }
  });

  it('are refused where they are none', async () => {
    const { outcome } = await readAll(Buffer.from('not a capture at all, but some text that someone piped in'));
    expect(outcome).toBe('refused');
  });

  it('are read at whatever offset they end', { timeout: 120_000 }, async () => {
    const builder = new CaptureBuilder();
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
    connection.handshake();
    connection.client(Buffer.from('00000008fffffffe0000000b', 'hex'));
    connection.server(Buffer.from('00000010fffffffe000000010000000200000000', 'hex'));
    const file = builder.toPcap();
    for (let length = 0; length <= file.length; length++) {
      expect((await readAll(file.subarray(0, length))).outcome).toBe(length < 24 ? 'refused' : 'read');
    }
  });
});
