/** Reads captures through src/capture and keeps what was read, for tests. */
import { Readable } from 'node:stream';
import type { CaptureInfo } from '../capture/captureInfo.js';
import { CaptureSet, type CaptureInput } from '../capture/captureSet.js';
import { Clock } from '../capture/clock.js';
import { detectFormat } from '../capture/detect.js';
import { type Damage, NOT_A_PACKET } from '../capture/frameReader.js';
import { Frame } from '../capture/frame.js';

export interface ReadFrame {
  readonly number: number;
  /** As the clock prints it. */
  readonly time: string;
  readonly linkType: number;
  readonly originalLength: number;
  /** Hexadecimal. */
  readonly data: string;
}

function keep(frame: Frame, clock: Clock, number = frame.number): ReadFrame {
  return {
    number,
    time: clock.format(frame.time),
    linkType: frame.linkType,
    originalLength: frame.originalLength,
    data: frame.bytes.toString('hex', frame.start, frame.end),
  };
}

/**
 * Frames of a capture whose bytes are pushed in pieces of the given sizes, the last size again and again. Every piece
 * is overwritten as soon as the reader asks for the next one, as a reused buffer would be.
 */
export function framesInPieces(file: Buffer, sizes: readonly number[]): { frames: ReadFrame[]; damage: Damage | null } {
  const clock = new Clock();
  const reader = detectFormat(file, clock)?.reader;
  if (reader === undefined) throw new Error('no capture');
  const frame = new Frame();
  const frames: ReadFrame[] = [];
  let number = 0;
  let position = 0;
  for (let i = 0; position < file.length; i++) {
    const size = Math.max(sizes[Math.min(i, sizes.length - 1)] ?? file.length, 1);
    const piece = Buffer.from(file.subarray(position, position + size));
    position += piece.length;
    reader.push(piece);
    while (reader.next(frame)) {
      number++;
      if (frame.linkType !== NOT_A_PACKET) frames.push(keep(frame, clock, number));
    }
    if (reader.damage !== null) break;
    piece.fill(0xa5);
  }
  reader.finish();
  return { frames, damage: reader.damage };
}

export interface ReadCaptures {
  readonly frames: ReadFrame[];
  readonly captures: readonly CaptureInfo[];
  readonly clock: Clock;
}

/** All frames of some inputs, through a CaptureSet. */
export async function readCaptures(...inputs: readonly CaptureInput[]): Promise<ReadCaptures> {
  const clock = new Clock();
  const set = new CaptureSet(inputs, clock);
  const frames: ReadFrame[] = [];
  await set.read((frame) => {
    frames.push(keep(frame, clock));
  });
  return { frames, captures: set.captures, clock };
}

/** Bytes as an input that is no file, in pieces of one size. */
export function streamInput(bytes: Buffer, size = bytes.length, name = 'stream'): CaptureInput {
  return { name, stream: Readable.from(pieces(bytes, Math.max(size, 1))) };
}

function* pieces(bytes: Buffer, size: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
