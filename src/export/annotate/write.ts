import { BufferPool } from '../../capture/byteSource.js';
import { OpenCapture } from '../../capture/captureInput.js';
import { CaptureSet, type CaptureInput } from '../../capture/captureSet.js';
import { Clock } from '../../capture/clock.js';
import { isPcapng } from '../../capture/pcapng.js';
import { MAGIC_LENGTH } from '../../capture/detect.js';
import { BlockCopy, type CopyComments } from '../../capture/write/blockCopy.js';
import { CaptureWriter } from '../../capture/write/captureWriter.js';
import { comment } from '../../capture/write/options.js';
import type { Target } from '../slice/write.js';

const CHUNK = 256 * 1024;

/**
 * Writes a capture again with comments: pcapng block by block as it stands, pcap as pcapng. Gives the number of comments
 * that found no room. Throws CaptureError where it cannot be read any more.
 * @param again the same capture, to be opened once more
 */
export async function writeAnnotated(
  input: CaptureInput,
  again: () => CaptureInput,
  comments: CopyComments,
  program: string,
  target: Target,
): Promise<number> {
  const capture = new OpenCapture(input);
  await capture.examine();
  const opened = await capture.openPlain(new BufferPool(CHUNK));
  if (opened?.first == null || opened.first.length < MAGIC_LENGTH || !isPcapng(opened.first)) {
    await capture.close();
    await writeAsPcapng(again(), comments, program, target);
    return 0;
  }
  const { first, source } = opened;
  const copy = new BlockCopy((bytes) => {
    target.write(bytes);
  }, comments);
  try {
    for (let chunk: Buffer | null = first; chunk !== null; chunk = await source.read()) {
      copy.add(chunk);
      await target.drain();
      if (target.signal?.aborted === true) break;
    }
  } finally {
    await capture.close();
  }
  copy.flush();
  // Nothing of it is pcapng: a capture without packets, as it was read.
  if (copy.empty) await writeAsPcapng(again(), comments, program, target);
  await target.drain();
  return copy.homeless;
}

async function writeAsPcapng(
  input: CaptureInput,
  comments: CopyComments,
  program: string,
  target: Target,
): Promise<void> {
  const writer = new CaptureWriter(
    (bytes) => {
      target.write(bytes);
    },
    { program, comments: comments.section },
  );
  const set = new CaptureSet([input], new Clock());
  await set.read(
    (frame) => {
      const original = set.original(frame);
      if (original === null) return;
      const more = comments.of(frame.number).map(comment);
      writer.packet(original, frame.bytes.subarray(frame.start, frame.end), frame.originalLength, more);
    },
    () => target.drain(),
    target.signal ?? undefined,
  );
  writer.flush();
  await target.drain();
}
