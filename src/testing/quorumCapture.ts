import { electionJournal } from '../protocols/quorum/election/journal.js';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';
import type { Connection } from '../network/connection.js';
import type { Gap, Protocol } from '../protocols/protocol.js';
import type { ConnectedMessage } from '../protocols/registry.js';
import { MessageReader } from '../protocols/messageReader.js';
import { quorum } from '../protocols/quorum/index.js';
import { zookeeper } from '../protocols/zookeeper/index.js';
import { type Packet, readCapture, writePcap } from './captureFile.js';
import type { Clock } from '../capture/clock.js';

const FOLDER = new URL('../../fixtures/quorum/', import.meta.url);

/** What was done and seen while a capture of fixtures/quorum was recorded. */
export interface QuorumTruth {
  readonly actions: readonly ({ readonly time: number; readonly action: string } & Record<string, unknown>)[];
  readonly log: {
    readonly quorum: readonly { time: number; leader: number; zxid: string; epoch: number }[];
    readonly syncs: readonly { time: number; leader: number; learner: number; kind: string; peerLastZxid: string }[];
    readonly electionTook: readonly { time: number; server: number; state: string; milliseconds: number }[];
    readonly fsyncWarnings: Readonly<Record<string, number>>;
  };
  readonly zab: readonly {
    readonly learner: string;
    readonly leader: string;
    readonly toLeader: { bytes: number; messages: Record<string, number> };
    readonly toLearner: { bytes: number; snapshotBytes: number; messages: Record<string, number> };
  }[];
  readonly election: {
    readonly bytes: number;
    readonly incompleteBytes: number;
    readonly authentications: number;
    readonly initialMessages: readonly { frame: number; sid: number; address: string; source: string }[];
    readonly notifications: readonly {
      frame: number;
      source: string;
      state: number;
      leader: number;
      zxid: string;
      electionEpoch: string;
      peerEpoch: string;
      version: number;
    }[];
  };
}

export function quorumTruth(name: string): QuorumTruth {
  return JSON.parse(readFileSync(new URL(`${name}.truth.json`, FOLDER), 'utf8')) as QuorumTruth;
}

export function quorumCapture(name: string): string {
  return fileURLToPath(new URL(`${name}.pcap.gz`, FOLDER));
}

/** Part of a capture of fixtures/quorum: the packets that a filter lets through, by number (from 0), addresses and ports. */
export function partOfQuorumCapture(
  name: string,
  keep: (index: number, source: string, destination: string, ports: readonly number[]) => boolean,
): { readonly name: string; readonly stream: Readable } {
  const packets = readCapture(gunzipSync(readFileSync(quorumCapture(name))));
  const address = (packet: Packet, at: number): string => [...packet.data.subarray(at, at + 4)].join('.');
  const kept = packets.filter((packet, index) => {
    // Ethernet, IPv4 without options, TCP.
    const ports = [packet.data.readUInt16BE(34), packet.data.readUInt16BE(36)];
    return keep(index, address(packet, 26), address(packet, 30), ports);
  });
  return { name, stream: Readable.from([writePcap(kept)]) };
}

/** Reads a capture of fixtures/quorum and calls back for every message, gap and connection; gives back the run's clock. */
export async function readQuorum(
  name: string,
  onMessage: (message: ConnectedMessage) => void,
  onGap: (gap: Gap) => void = () => undefined,
  onConnection: (connection: Connection) => void = () => undefined,
): Promise<Clock> {
  const sink = {
    message: onMessage,
    gap: onGap,
    connectionOpened: onConnection,
    connectionClosed: (): void => undefined,
  };
  const reader = new MessageReader([quorumCapture(name)], sink, { protocols: [zookeeper(), ...quorum()] });
  await reader.read();
  return reader.clock;
}

/** The bytes of each connection to `port` in a capture of fixtures/quorum, both directions. */
export async function rawStreams(name: string, port: number): Promise<{ toServer: Buffer; toClient: Buffer }[]> {
  const connections: [Buffer[], Buffer[]][] = [];
  const raw: Protocol = {
    ops: [],
    name: 'raw',
    ports: [port],
    fields: {},
    journal: electionJournal,
    line: () => [],
    recognise: () => 'no',
    open: () => {
      const pieces: [Buffer[], Buffer[]] = [[], []];
      connections.push(pieces);
      return {
        data: ({ direction, bytes, start, end }) => pieces[direction].push(Buffer.from(bytes.subarray(start, end))),
        gap: () => undefined,
        fin: () => undefined,
        end: () => undefined,
      };
    },
  };
  const none = (): void => undefined;
  const sink = { message: none, gap: none, connectionOpened: none, connectionClosed: none };
  await new MessageReader([quorumCapture(name)], sink, { protocols: [raw] }).read();
  return connections.map(([toServer, toClient]) => ({
    toServer: Buffer.concat(toServer),
    toClient: Buffer.concat(toClient),
  }));
}
