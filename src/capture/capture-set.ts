import type { Readable } from 'node:stream';
import type { CaptureInfo } from './capture-info.js';
import type { Clock } from './clock.js';
import type { Frame } from './frame.js';

/** A path, `-` for standard input, or a stream with the name that messages about it use. */
export type CaptureInput = string | { readonly name: string; readonly stream: Readable };

export interface CaptureSetOptions {
  /** Called after each chunk: bytes read so far of all inputs, as stored, and their sum, null where one is a stream. */
  readonly onProgress?: (read: number, total: number | null) => void;
}

/** The inputs of one run, read as one stream of frames in order of time. */
export class CaptureSet {
  /** One for each input, in the order given; filled in while reading. */
  readonly captures: CaptureInfo[] = [];

  constructor(_inputs: readonly CaptureInput[], _clock: Clock, _options: CaptureSetOptions = {}) {
    throw new Error('under construction');
  }

  /**
   * Reads all inputs. `onFrame` is called for each frame, `afterChunk` after the frames of each chunk (wait for the
   * output to drain there). An aborted `signal` ends the reading early, without an error. Throws CaptureError where an
   * input cannot be read at all; trouble later in a file is told by its CaptureInfo.
   */
  read(_onFrame: (frame: Frame) => void, _afterChunk?: () => Promise<void> | void, _signal?: AbortSignal): Promise<void> {
    throw new Error('under construction');
  }
}
