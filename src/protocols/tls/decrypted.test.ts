import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../network/connection.js';
import { messageRecord, type MessageRecord } from '../../observations/record.js';
import { MessageReader } from '../messageReader.js';
import type { ConnectedGap } from '../protocol.js';
import { cipherSuiteName } from './crypto/cipherSuites.js';
import { KeyStore } from './keys/keyStore.js';
import { TlsMessage, type TlsHandshake } from './message.js';
import { tlsVersionName } from './names.js';
import type { ConnectedMessage } from '../registry.js';

const FOLDER = new URL('../../../fixtures/tls/', import.meta.url);

interface TruthConnection {
  client: string;
  server: string;
  keys: string;
  version: string | null;
  cipherSuite: string | null;
  sni: string | null;
  alpn: string | null;
  resumed: boolean;
  helloRetryRequest: boolean;
  encryptThenMac: boolean;
  tls: boolean;
  handshakeInCapture: boolean;
  certificates: { from: string; subject: string; issuer: string; key: string }[];
  alerts: [number, string, string][];
  undecrypted: number;
  records: { client: number; server: number };
}

interface Read {
  readonly records: MessageRecord[];
  readonly alerts: Map<string, [number, string, string][]>;
  readonly handshakes: Map<string, TlsHandshake>;
  readonly gaps: ConnectedGap[];
  readonly connections: Map<string, Connection>;
}

/** The name of a fixture's file, compressed or not. */
function fixture(name: string): string {
  const found = readdirSync(FOLDER).find((file) => file === name || file === `${name}.gz`);
  return fileURLToPath(new URL(found ?? name, FOLDER));
}

function text(name: string): string {
  const path = fixture(name);
  const bytes = readFileSync(path);
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
}

async function read(name: string, keys: string | null): Promise<Read> {
  const store = new KeyStore();
  if (keys !== null) store.add(Buffer.from(keys));
  const result: Read = {
    records: [],
    alerts: new Map(),
    handshakes: new Map(),
    gaps: [],
    connections: new Map(),
  };
  const reader: MessageReader = new MessageReader(
    [fixture(name)],
    {
      message(message: ConnectedMessage) {
        const { text: client } = message.connection.client;
        if (message instanceof TlsMessage) {
          if (message.op === 'Handshake') result.handshakes.set(client, message.handshake!);
          if (message.op === 'Alert') {
            const alerts = result.alerts.get(client) ?? [];
            const { direction, description } = message.toRecord() as { direction: string; description: string };
            alerts.push([message.frame, direction === 'request' ? 'client' : 'server', description]);
            result.alerts.set(client, alerts);
          }
        } else {
          expect(message.streamEnd).toBeLessThanOrEqual(message.connection.stream(message.direction).delivered);
          result.records.push(messageRecord(message, message.connection, reader.clock, { data: false }));
        }
      },
      gap: (gap) => result.gaps.push(gap),
      connectionOpened: (connection) => result.connections.set(connection.client.text, connection),
      connectionClosed: () => undefined,
    },
    { tlsKeys: store },
  );
  await reader.read();
  return result;
}

const NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.expected.ndjson.gz'))
  .map((file) => file.replace('.expected.ndjson.gz', ''));

function capture(name: string): string {
  return name === 'dsb' ? 'dsb.pcapng' : `${name}.pcap`;
}

function keysOf(name: string): string | null {
  return readdirSync(FOLDER).includes(`${name}.keys`) ? text(`${name}.keys`) : null;
}

function truthOf(name: string): TruthConnection[] {
  return (JSON.parse(text(`${name}.truth.json`)) as { connections: TruthConnection[] }).connections;
}

describe('TLS with keys', () => {
  for (const name of NAMES) {
    it(`finds every message of ${name}, and no other`, async () => {
      const expected = text(`${name}.expected.ndjson`)
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as MessageRecord);
      const { records: all } = await read(capture(name), keysOf(name));
      // Of messages with a lost record in them the beginning is given, and said to be no more than that.
      const records = all.filter((record) => record['truncated'] !== true);
      expect(all.length - records.length).toBe(name === 'loss-cut' ? 3 : 0);
      // Behind a loss the other connections' messages come first: nobody can know yet that something is missing.
      if (name === 'loss-cut') records.sort((a, b) => Number(a['frame']) - Number(b['frame']));
      for (const [i, line] of expected.entries()) {
        const got = records[i];
        expect(got === undefined ? null : comparable(got, line), `message ${i}`).toEqual(line);
      }
      expect(records).toHaveLength(expected.length);
    });
  }

  for (const name of [...NAMES, 'etcd-go', 'quorum-tls12']) {
    it(`knows of every connection of ${name} what its truth says`, async () => {
      const { handshakes, alerts, connections } = await read(capture(name), keysOf(name));
      for (const expected of truthOf(name)) {
        const { client } = expected;
        const found = handshakes.get(client);
        if (!expected.tls || !expected.handshakeInCapture) {
          expect(found, client).toBeUndefined();
          if (expected.tls) expect(connections.get(client)?.encrypted, client).toBe('handshake not captured');
          continue;
        }
        const { version, cipherSuite, serverName, protocol, resumed, retried, encryptThenMac } = found!;
        expect(
          {
            version: version === null ? null : tlsVersionName(version),
            cipherSuite: cipherSuite === null ? null : cipherSuiteName(cipherSuite),
            sni: serverName,
            alpn: protocol,
            resumed,
            helloRetryRequest: retried,
            encryptThenMac,
            alerts: alerts.get(client) ?? [],
          },
          client,
        ).toEqual({
          version: expected.version,
          cipherSuite: expected.cipherSuite,
          sni: expected.sni,
          alpn: expected.alpn,
          resumed: expected.resumed,
          helloRetryRequest: expected.helloRetryRequest,
          encryptThenMac: expected.encryptThenMac,
          alerts: expected.alerts,
        });
        for (const from of ['server', 'client']) {
          const chain = from === 'server' ? found!.serverCertificates : found!.clientCertificates;
          const wanted = expected.certificates.filter((certificate) => certificate.from === from);
          expect(
            (chain ?? []).map(({ subject, issuer }) => ({ subject, issuer })),
            client,
          ).toEqual(wanted.map(({ subject, issuer }) => ({ subject, issuer })));
        }
      }
    });
  }
});

/** Only the fields that are expected. */
function comparable(actual: MessageRecord, expected: MessageRecord): MessageRecord {
  return Object.fromEntries(Object.keys(expected).map((name) => [name, comparableField(name, actual, expected)]));
}

function comparableField(name: string, actual: MessageRecord, expected: MessageRecord): unknown {
  if (name.endsWith('Count')) return (actual[name.slice(0, -5)] as unknown[]).length;
  if (name !== 'ops') return actual[name];
  const ops = actual['ops'] as MessageRecord[];
  return (expected['ops'] as MessageRecord[]).map((op, i) =>
    Object.fromEntries(Object.keys(op).map((field) => [field, ops[i]![field]])),
  );
}
