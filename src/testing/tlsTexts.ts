import type { Connection } from '../network/connection.js';
import type { StreamChunk } from '../network/streamChunk.js';
import { MessageReader } from '../protocols/messageReader.js';
import type { ConnectedGap } from '../protocols/protocol.js';
import { TlsDecoder } from '../protocols/tls/decoder.js';
import { tls } from '../protocols/tls/index.js';
import { KeyStore } from '../protocols/tls/keys/keyStore.js';
import { TlsMessage, type TlsHandshake } from '../protocols/tls/message.js';
import { HoldBudget } from '../protocols/tls/records/heldRecords.js';
import { fixture } from './analyseCapture.js';
import { streamInput } from './readFrames.js';

/** What was said on one connection over TLS, by direction, and its handshake. */
export interface TlsTexts {
  readonly texts: readonly [Buffer[], Buffer[]];
  handshake: TlsHandshake | null;
  readonly gaps: ConnectedGap[];
}

/**
 * Plain text of each connection of a capture under fixtures/tls, in the order of their first bytes.
 * @param keyLog other than the one beside it
 */
export async function tlsTexts(name: string, keyLog = fixture(`tls/${name}.keys`)): Promise<TlsTexts[]> {
  const keys = new KeyStore();
  keys.add(keyLog);
  const found = new Map<Connection, TlsTexts>();
  const of = (connection: Connection): TlsTexts => {
    const known = found.get(connection) ?? { texts: [[], []], handshake: null, gaps: [] };
    found.set(connection, known);
    return known;
  };
  const none = (): void => undefined;
  const context = { keys, budget: new HoldBudget() };
  const protocol = tls(keys);
  const reader = new MessageReader(
    [streamInput(fixture(`tls/${name}.pcap.gz`))],
    {
      message: (message) => {
        if (message instanceof TlsMessage && message.op === 'Handshake')
          of(message.connection).handshake = message.handshake;
      },
      gap: (gap) => void of(gap.connection).gaps.push(gap),
      ...{ connectionOpened: none, connectionClosed: none },
    },
    {
      protocols: [
        {
          ...protocol,
          open: (connection, sink) =>
            new TlsDecoder(connection, sink, context, () => ({
              tellsMissing: true,
              data: ({ direction, bytes, start, end }: StreamChunk) => {
                of(connection).texts[direction].push(Buffer.from(bytes.subarray(start, end)));
              },
              ...{ gap: none, fin: none, end: none },
            })),
        },
      ],
    },
  );
  await reader.read();
  return [...found.values()];
}
