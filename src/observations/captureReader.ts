import type { CaptureInfo } from '../capture/captureInfo.js';
import type { CaptureInput } from '../capture/captureInput.js';
import type { Clock } from '../capture/clock.js';
import type { Problem } from '../network/problems.js';
import { MessageReader, type MessageReaderOptions } from '../protocols/messageReader.js';
import { CaptureSource } from './captureSource.js';
import type { ObservationSink } from './observation.js';

export type CaptureReaderOptions = MessageReaderOptions;

/** The way from captures to observations, which all go to one sink. */
export class CaptureReader {
  private readonly reader: MessageReader;

  constructor(inputs: readonly CaptureInput[], sink: ObservationSink, options: CaptureReaderOptions = {}) {
    this.reader = new MessageReader(inputs, new CaptureSource(sink), options);
  }

  get clock(): Clock {
    return this.reader.clock;
  }

  get captures(): readonly CaptureInfo[] {
    return this.reader.captures;
  }

  /** Number and time of the latest frame. */
  get last(): { readonly frame: number; readonly time: number } {
    return this.reader.last;
  }

  /** TCP connections seen so far, of any protocol and none; and those that had to be forgotten. */
  get connections(): { readonly seen: number; readonly forgotten: number } {
    const { count, forgotten } = this.reader.tcp;
    return { seen: count, forgotten };
  }

  /** What was found in frames that could not be taken apart. */
  problems(): readonly Problem[] {
    return this.reader.dissector.problems();
  }

  /** See MessageReader.read. */
  async read(afterChunk?: () => Promise<void> | void, signal?: AbortSignal): Promise<void> {
    await this.reader.read(afterChunk, signal);
  }
}
