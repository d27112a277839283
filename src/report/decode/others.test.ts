import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { etcd } from '../../protocols/etcd/index.js';
import { MessageReader } from '../../protocols/messageReader.js';
import { MessageLines } from './line.js';
import { messageRecord, type MessageRecord } from '../../observations/record.js';
import { decodeSchema } from './schema.js';
import type { ConnectedMessage } from '../../protocols/registry.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/etcd/', import.meta.url));

async function records(capture: string): Promise<MessageRecord[]> {
  const found: MessageRecord[] = [];
  const none = (): void => undefined;
  const reader = new MessageReader(
    [`${FIXTURES}${capture}`],
    {
      message: (message: ConnectedMessage) =>
        found.push(messageRecord(message, message.connection, reader.clock, { data: false })),
      gap: none,
      connectionOpened: none,
      connectionClosed: none,
    },
    { protocols: [etcd()] },
  );
  await reader.read();
  return found;
}

async function lines(capture: string, wanted: (record: MessageRecord) => boolean): Promise<string[]> {
  const format = new MessageLines(new Chalk({ level: 0 }));
  return (await records(capture)).filter(wanted).map((record) => format.format(record).trimEnd().replace(/ +/g, ' '));
}

describe('etcd and TLS in zkscope decode', () => {
  const validate = new Ajv2020({ strict: false }).compile(decodeSchema());

  it.each(['lease-storm-mid.pcap.gz', 'lease-failover.pcapng.gz', 'tls-stall.pcapng.gz'])(
    '%s prints what the schema says',
    async (name) => {
      const all = await records(name);
      expect(all.length).toBeGreaterThan(0);
      const wrong = all.find((record): boolean => !validate(record));
      expect(wrong, JSON.stringify(validate.errors)).toBeUndefined();
    },
  );

  it('shows leases, statuses and errors in lines', async () => {
    const found = await lines('conn-churn.pcap.gz', (record) => record['op'] === 'LeaseKeepAlive');
    expect(found.find((line) => line.includes(' 404 lease'))).toMatch(
      /← 10\.44\.0\.1:2380 - LeaseKeepAlive \/leases 404 lease not found [0-9.]+ (?:µs|ms)$/,
    );
    expect(found.find((line) => line.includes(' 200 '))).toMatch(
      /LeaseKeepAlive \/leases lease=\d+ ttl=\d+ 200 [0-9.]+ (?:µs|ms)$/,
    );
  });

  it('names what was guessed', async () => {
    const found = await lines('lease-storm-mid.pcap.gz', (record) => record['guessed'] === true);
    expect(found).toHaveLength(168 * 2 + 8);
    expect(found.every((line) => line.endsWith('(guessed by its shape)'))).toBe(true);
  });

  it('shows how handshakes ended, and who refused', async () => {
    const found = await lines('tls-stall.pcapng.gz', () => true);
    expect(found[1]).toMatch(/→ 10\.44\.0\.1:2380 - ClientHello member\.etcd\.test TLS 1\.3$/);
    expect(found.filter((line) => /→ .* Handshake stalled 10(?:\.0)? s$/.test(line))).toHaveLength(20);
    expect(found.filter((line) => line.includes('← 10.44.0.1:2380 - Alert protocol_version'))).toHaveLength(1);
  });
});
