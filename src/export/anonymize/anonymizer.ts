import { CaptureSet, type CaptureInput } from '../../capture/captureSet.js';
import type { CaptureInfo } from '../../capture/captureInfo.js';
import { decodedLines } from '../../capture/captureError.js';
import { Clock } from '../../capture/clock.js';
import { DECODED_LINE } from '../../capture/frameReader.js';
import type { Frame } from '../../capture/frame.js';
import { CaptureWriter } from '../../capture/write/captureWriter.js';
import { SYN, type Segment } from '../../network/segment.js';
import { TcpReassembly } from '../../network/tcp.js';
import type { ServerPort } from '../../protocols/router.js';
import { AddressMap } from './addresses.js';
import { AnonymizingKey } from './key.js';
import type { Maps } from './juteRewriter.js';
import { NameMap } from './names.js';
import { OutputFrame, OutputQueue } from './output.js';
import { PacketRewriter } from './packets.js';
import type { Rewriting } from './rewriting.js';
import { ContentMap } from './secrets.js';
import { StreamRewriters } from './streamRewriters.js';
import type { Target } from '../slice/write.js';

/** What became of a capture. */
export interface Anonymized {
  readonly packets: number;
  readonly captures: readonly CaptureInfo[];
  /** Different addresses, of IP and of hardware. */
  readonly addresses: number;
  /** Names replaced, wherever they stood, and names that stay as they are. */
  readonly names: number;
  readonly keptNames: number;
  /** Data, credentials and texts replaced. */
  readonly data: number;
  readonly credentials: number;
  readonly texts: number;
  /** Bytes of TCP payload in all, and of those that became zeros. */
  readonly payload: number;
  readonly zeroed: number;
}

export interface AnonymizeOptions {
  readonly key: string;
  readonly ports: readonly ServerPort[];
  readonly program: string;
  readonly onProgress?: (read: number, total: number | null) => void;
}

/** Reads captures and writes them as one in which nobody and nothing is named. Throws CaptureError. */
export async function anonymize(
  inputs: readonly CaptureInput[],
  target: Target,
  { key: text, ports, program, onProgress }: AnonymizeOptions,
  signal?: AbortSignal,
): Promise<Anonymized> {
  const key = new AnonymizingKey(text);
  const maps: Maps = { names: new NameMap(key), contents: new ContentMap(key) };
  const addresses = new AddressMap(key);
  const writer = new CaptureWriter(
    (bytes) => {
      target.write(bytes);
    },
    { program },
  );
  const queue = new OutputQueue(writer);
  const streams = new StreamRewriters(maps, key, ports);
  const tcp = new TcpReassembly(streams);
  let payload = 0;
  const onSegment = (segment: Segment, into: Rewriting, at: number, frame: OutputFrame): void => {
    tcp.segment(segment);
    const length = segment.end - segment.start;
    payload += length;
    const place = length === 0 ? null : tcp.placeOf(segment);
    if (place === null) {
      into.finish();
      return;
    }
    const { stream: half } = place;
    const stream = streams.of(half);
    const sequence = (segment.flags & SYN) !== 0 ? (segment.sequence + 1) >>> 0 : segment.sequence;
    const waiting = {
      out: into.out,
      at,
      length,
      position: () => half.position(sequence),
      filled: () => {
        into.finish();
      },
    };
    if (place.closed) stream.zeroTo(stream.seen);
    stream.wait(waiting);
    if (frame.open > 0) {
      frame.force = () => {
        stream.zeroTo(waiting.position() + length);
        stream.serve();
      };
    }
    stream.serve();
  };
  const packets = new PacketRewriter(addresses, onSegment);
  const set = new CaptureSet(inputs, new Clock(), onProgress === undefined ? {} : { onProgress });
  let last = { frame: 0, time: 0 };
  await set.read(
    (frame: Frame) => {
      const original = frame.linkType === DECODED_LINE ? null : set.original(frame);
      if (original === null) return;
      last = { frame: frame.number, time: frame.time };
      const out = new OutputFrame(original, Buffer.alloc(frame.end - frame.start), frame.originalLength);
      packets.rewrite(frame, out);
      queue.add(out);
    },
    () => target.drain(),
    signal,
  );
  const lines = set.captures.find(({ format }) => format?.startsWith('ndjson') === true);
  if (lines !== undefined) throw decodedLines(lines.file);
  tcp.end(last.frame, last.time);
  packets.end();
  queue.end();
  writer.flush();
  await target.drain();
  const { names, contents } = maps;
  const { data, credentials, texts } = contents.counts;
  return {
    packets: writer.packets,
    captures: set.captures,
    addresses: addresses.count,
    names: names.counts.replaced,
    keptNames: names.counts.kept,
    ...{ data, credentials, texts, payload },
    zeroed: streams.zeroed,
  };
}
