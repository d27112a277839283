import type { CaptureInfo } from '../capture/captureInfo.js';
import type { PartialInput } from '../capture/captureInput.js';
import { Clock } from '../capture/clock.js';
import type { Problem } from '../network/problems.js';
import { MessageReader, type MessageReaderOptions } from '../protocols/messageReader.js';
import { CaptureSource } from './captureSource.js';
import { StreamClocks } from './hosts/streamClocks.js';
import { withParts } from './hosts/withParts.js';
import { LineSource } from './journal/lineSource.js';
import { together } from './forward.js';
import type { ObservationSink } from './observation.js';

export type CaptureReaderOptions = Omit<MessageReaderOptions, 'onLine'>;

/** The way from captures, or decoded lines in their place, to observations, which all go to one sink. */
export class CaptureReader {
  private readonly reader: MessageReader;
  /** Made with the first decoded line: most inputs have none. */
  private lines: LineSource | null = null;
  /** Where lines of several hosts may come in one stream. */
  private clocks: StreamClocks | null = null;

  constructor(inputs: readonly PartialInput[], sink: ObservationSink, options: CaptureReaderOptions = {}) {
    const clock = options.clock ?? new Clock();
    const { pairs } = clock.hosts;
    const told = pairs === null ? sink : withParts(sink, pairs);
    this.reader = new MessageReader(inputs, new CaptureSource(told), {
      ...options,
      clock,
      onLine: (line, time, input) => {
        this.lines ??= this.lineSource(told, clock);
        this.lines.line(line, time, input);
      },
    });
  }

  private lineSource(sink: ObservationSink, clock: Clock): LineSource {
    const names = this.reader.captures.map(({ file }) => file);
    if (clock.hosts.names.length > 0) return new LineSource(sink, clock, names);
    this.clocks = new StreamClocks(clock);
    return new LineSource(together([sink, this.clocks.sink]), clock, names);
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
    const { lines } = this;
    return lines !== null && lines.lastFrame > last.frame ? { frame: lines.lastFrame, time: lines.lastTime } : last;
  }

  /** TCP connections seen so far, of any protocol and none; and those that had to be forgotten. */
  get connections(): { readonly seen: number; readonly forgotten: number } {
    const { count, forgotten } = this.reader.tcp;
    const { connections = 0, forgottenConnections = 0 } = this.lines ?? {};
    return { seen: count + connections, forgotten: forgotten + forgottenConnections };
  }

  /** What was found in frames that could not be taken apart. */
  problems(): readonly Problem[] {
    return [...this.reader.dissector.problems(), ...(this.lines?.problems ?? [])];
  }

  /** See MessageReader.read. */
  async read(afterChunk?: () => Promise<void> | void, signal?: AbortSignal): Promise<void> {
    await this.reader.read(afterChunk, signal);
    this.lines?.end(this.captures);
    this.clocks?.end();
  }
}
