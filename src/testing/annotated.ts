import { readdirSync, readFileSync } from 'node:fs';
import { MaskedBytes } from '../paste/dump/bytes.js';
import { pastedPacket } from '../paste/packet.js';
import { pastedRuns } from '../paste/stream.js';
import { annotate, type AnnotatedRun } from '../paste/explain/annotate.js';
import type { MessageDirection } from '../paste/explain/candidates.js';
import type { AnnotatedField } from '../paste/explain/reader.js';
import type { AnnotatedMessage } from '../paste/explain/message.js';
import { readCapture } from './captureFile.js';

const folder = new URL('../../fixtures/protocol/', import.meta.url);

/** Names of the captures under fixtures/protocol. */
export const protocolCaptures = readdirSync(folder).filter((name) => /\.pcap(ng)?$/.test(name));

/** The messages that a capture of fixtures/protocol holds, as an independent decoder found them. */
export function expectedMessages(name: string): Record<string, unknown>[] {
  const lines = readFileSync(new URL(name.replace(/\.pcap(ng)?$/, '.expected.ndjson'), folder), 'utf8');
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

export interface AnnotatedStream {
  readonly data: MaskedBytes;
  readonly direction: MessageDirection;
  readonly run: AnnotatedRun;
}

/** A capture's packets taken as if somebody had pasted them. @param known whether the port tells the direction */
export function annotatedCapture(name: string, known = true): AnnotatedStream[] {
  const pasted = readCapture(readFileSync(new URL(name, folder)))
    .map(({ data }, i) => {
      const packet = { line: i, offset: 0, data: MaskedBytes.known(data), header: null, side: null, fromText: 0 };
      return pastedPacket(packet, i + 1);
    })
    .filter(({ source, destination }) => source.port === 2181 || destination.port === 2181);
  const { runs } = pastedRuns(pasted);
  const directions = runs.map((run): MessageDirection => (run.destinationPort === 2181 ? 'request' : 'response'));
  const annotated = annotate(runs.map((run, i) => ({ ...run, direction: known ? directions[i]! : null })));
  return runs.map(({ data }, i) => ({ data, direction: directions[i]!, run: annotated[i]! }));
}

/** Value of a message's field, undefined if there is none. */
export function valueOf(message: AnnotatedMessage, name: string): AnnotatedField['value'] | undefined {
  return message.fields.find((field) => field.name === name)?.value;
}
