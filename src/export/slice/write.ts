import { basename } from 'node:path';
import { CaptureSet, type CaptureInput } from '../../capture/captureSet.js';
import { Clock } from '../../capture/clock.js';
import { DECODED_LINE } from '../../capture/frameReader.js';
import { CaptureWriter, type SectionFacts } from '../../capture/write/captureWriter.js';
import { comment } from '../../capture/write/options.js';
import { printable } from '../../report/text/escape.js';

export interface SliceRequest {
  /** Which frames. */
  readonly accepts: (frame: number) => boolean;
  /** TLS secrets of what is written; empty for none. */
  readonly secrets: Buffer;
  /** What else is said of a frame, beside its number in the original. */
  readonly comments?: (frame: number) => readonly string[];
  readonly section: SectionFacts;
}

export interface Target {
  write(bytes: Buffer): void;
  drain(): Promise<void>;
  readonly signal: AbortSignal | null;
}

/**
 * Reads captures and writes some of their frames as one pcapng capture, each with a comment that says where it comes from.
 * Gives the number of frames written. Throws CaptureError where a capture cannot be read any more.
 */
export async function writeSlice(
  inputs: readonly CaptureInput[],
  { accepts, secrets, comments, section }: SliceRequest,
  target: Target,
): Promise<number> {
  const writer = new CaptureWriter((bytes) => {
    target.write(bytes);
  }, section);
  if (secrets.length > 0) writer.keyLog(secrets);
  const set = new CaptureSet(inputs, new Clock());
  await set.read(
    (frame) => {
      if (frame.linkType === DECODED_LINE || !accepts(frame.number)) return;
      const original = set.original(frame);
      if (original === null) return;
      const name = original.file === '-' ? 'standard input' : basename(original.file);
      const merged = original.number === frame.number ? '' : `, ${frame.number} of all`;
      const more = comments?.(frame.number) ?? [];
      writer.packet(original, frame.bytes.subarray(frame.start, frame.end), frame.originalLength, [
        comment(`zkscope: frame ${original.number} of ${printable(name)}${merged}`),
        ...more.map(comment),
      ]);
    },
    () => target.drain(),
    target.signal ?? undefined,
  );
  writer.flush();
  await target.drain();
  return writer.packets;
}
