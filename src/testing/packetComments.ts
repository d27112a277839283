import { Readable } from 'node:stream';
import { CaptureSet } from '../capture/captureSet.js';
import { Clock } from '../capture/clock.js';
import { OptionCode } from '../capture/write/options.js';

/** The comments of each packet of a capture. */
export async function packetComments(capture: Buffer): Promise<string[][]> {
  const set = new CaptureSet([{ name: 'capture', stream: Readable.from([capture]) }], new Clock());
  const all: string[][] = [];
  await set.read((frame) => {
    const options = set.original(frame)?.options ?? [];
    all.push(options.filter(({ code }) => code === OptionCode.COMMENT).map(({ value }) => value.toString()));
  });
  return all;
}
