import type { CaptureInfo } from '../capture/captureInfo.js';
import type { CaptureInput } from '../capture/captureInput.js';
import { Clock } from '../capture/clock.js';
import type { Problem } from '../network/problems.js';
import { MessageReader, type MessageReaderOptions } from '../protocols/messageReader.js';
import { CaptureSource } from './captureSource.js';
import { LineSource } from './journal/lineSource.js';
import type { ObservationSink } from './observation.js';

export type CaptureReaderOptions = Omit<MessageReaderOptions, 'onLine'>;

/** The way from captures, or decoded lines in their place, to observations, which all go to one sink. */
export class CaptureReader {
  private readonly reader: MessageReader;
  private readonly lines: LineSource;

  constructor(inputs: readonly CaptureInput[], sink: ObservationSink, options: CaptureReaderOptions = {}) {
    const clock = options.clock ?? new Clock();
    this.lines = new LineSource(sink, clock, inputs.length);
    this.reader = new MessageReader(inputs, new CaptureSource(sink), {
      ...options,
      clock,
      onLine: (line, time, input) => {
        this.lines.line(line, time, input);
      },
    });
  }

  get clock(): Clock {
    return this.reader.clock;
  }

  get captures(): readonly CaptureInfo[] {
    return this.reader.captures;
  }

  /** Number and time of the latest frame. */
  get last(): { readonly frame: number; readonly time: number } {
    const { last } = this.reader;
    return this.lines.lastFrame > last.frame ? { frame: this.lines.lastFrame, time: this.lines.lastTime } : last;
  }

  /** TCP connections seen so far, of any protocol and none; and those that had to be forgotten. */
  get connections(): { readonly seen: number; readonly forgotten: number } {
    const { count, forgotten } = this.reader.tcp;
    return { seen: count + this.lines.connections, forgotten: forgotten + this.lines.forgottenConnections };
  }

  /** What was found in frames that could not be taken apart. */
  problems(): readonly Problem[] {
    return [...this.reader.dissector.problems(), ...this.lines.problems];
  }

  /** See MessageReader.read. */
  async read(afterChunk?: () => Promise<void> | void, signal?: AbortSignal): Promise<void> {
    await this.reader.read(afterChunk, signal);
    this.lines.end(this.captures);
  }
}
