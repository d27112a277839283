import { compareHosts, sayStreamClocks } from './compareHosts.js';
import { CaptureReader, type CaptureReaderOptions } from '../../observations/captureReader.js';
import { Clock, type CaptureInfo, type CaptureInput, type Problem } from '../../observations/inputs.js';
import type { Forgotten } from '../../model/index.js';
import type { ServerPort } from '../../protocols/router.js';
import type { Sink } from '../../observations/forward.js';
import type { HostsBy } from '../../observations/hosts/findHosts.js';
import type { KeyStore } from '../../protocols/tls/keys/keyStore.js';
import { Losses, LossesSink, nothingFound } from '../../report/analyze/losses.js';
import { hostFrames } from '../../report/text/hostFrames.js';
import { watchHeap } from '../terminal/heap.js';
import { onInterrupt } from '../terminal/interrupt.js';
import { Progress } from '../terminal/progress.js';
import type { EndingSignal } from '../usage.js';

/** What captures that were read turned out to hold. */
export interface Reading {
  readonly captures: readonly CaptureInfo[];
  /** Number and time (nanoseconds since the base of the Clock) of the latest frame. */
  readonly last: { readonly frame: number; readonly time: number };
  /** Of all protocols. */
  readonly messages: number;
  /** TCP connections, whatever they carry; and those that had to be forgotten. */
  readonly connections: number;
  readonly forgottenConnections: number;
  /** What was found in packets that could not be taken apart. */
  readonly problems: readonly Problem[];
  /** The signal that ended the reading before the end of the captures; null where none did. */
  readonly interrupted: EndingSignal | null;
  /**
   * All that was lost or not understood, one part each; empty where nothing was.
   * @param forgotten what a model had to forget
   */
  losses(forgotten?: Forgotten): string[];
  /** Why no message was found, and what to try. */
  nothingFound(): string;
}

/** Where what is made of captures goes: it holds up the reading, and may end it. */
export interface Drain {
  readonly signal: AbortSignal;
  drain(): Promise<void>;
}

export interface ReadingOptions {
  readonly ports: readonly ServerPort[];
  /** What TLS is decrypted with. */
  readonly keys: KeyStore;
  /** What hosts are told by where nobody has named them. */
  readonly hostsBy?: HostsBy | undefined;
  readonly clock?: Clock;
  /** What else the reader is to do: to tell of packets, to collect secrets. */
  readonly reader?: Pick<CaptureReaderOptions, 'onSegment' | 'secrets' | 'accepts'>;
  readonly output?: Drain;
  /** Ends the reading, as Ctrl-C does, without being one. */
  readonly stop?: AbortSignal;
  /** Somebody else draws on the terminal. */
  readonly quiet?: boolean;
}

/**
 * Reads captures into a sink the way every command does it: with a progress bar, until the end, Ctrl-C, or until nobody
 * reads the output any more. Throws CaptureError where a capture cannot be read at all.
 */
export async function readInto(files: readonly CaptureInput[], sink: Sink, options: ReadingOptions): Promise<Reading> {
  const clock = options.clock ?? new Clock();
  await compareHosts(files, clock, options);
  const losses = new Losses();
  const progress = new Progress();
  const reader = new CaptureReader(files, new LossesSink(losses, sink), {
    ...options.reader,
    clock,
    ports: options.ports,
    tlsKeys: options.keys,
    onProgress: (read, total) => {
      if (options.quiet !== true) progress.update(read, total);
    },
  });
  const { output } = options;
  const interrupt = onInterrupt();
  const signals = [interrupt.signal, output?.signal, options.stop].filter((one) => one !== undefined);
  const signal = signals.length === 1 ? interrupt.signal : AbortSignal.any(signals);
  try {
    await reader.read(() => {
      watchHeap();
      return output?.drain();
    }, signal);
  } finally {
    progress.stop();
    interrupt.release();
  }
  if (options.quiet !== true) sayStreamClocks(clock);
  return {
    captures: reader.captures,
    last: reader.last,
    messages: losses.messages,
    connections: reader.connections.seen,
    forgottenConnections: reader.connections.forgotten,
    problems: reader.problems(),
    interrupted: interrupt.by,
    losses: (forgotten) =>
      hostFrames(
        losses.parts(reader.captures, reader.problems(), reader.connections.forgotten, forgotten ?? null),
        clock.hosts,
        true,
      ),
    nothingFound: () => nothingFound(reader.captures, reader.connections.seen),
  };
}
