import type { CaptureInput } from '../capture/captureInput.js';
import { Clock } from '../capture/clock.js';
import type { Forgotten } from '../model/index.js';
import { MessageReader } from '../protocols/messageReader.js';
import type { ConnectionSink } from '../protocols/router.js';
import { Losses, nothingFound } from '../report/analyze/losses.js';
import { watchHeap } from './terminal/heap.js';
import { onInterrupt } from './terminal/interrupt.js';
import { Output } from './terminal/output.js';
import { Progress } from './terminal/progress.js';

export interface Run {
  readonly reader: MessageReader;
  readonly losses: Losses;
  /** Ctrl-C came, or the reader of the output went away. */
  readonly interrupted: boolean;
}

export interface RunOptions {
  readonly ports: readonly number[];
  readonly clock?: Clock;
  readonly output?: Output;
}

/**
 * Reads captures into a sink the way every command does it: with a progress bar, until the end, Ctrl-C, or until nobody
 * reads the output any more. Throws CaptureError where a capture cannot be read at all.
 */
export async function runCaptures(
  files: readonly CaptureInput[],
  sink: ConnectionSink,
  options: RunOptions,
): Promise<Run> {
  const losses = new Losses();
  const progress = new Progress();
  const counting: ConnectionSink = {
    message: (message) => {
      losses.message(message);
      sink.message(message);
    },
    gap: (gap) => {
      losses.gap(gap);
      sink.gap(gap);
    },
    connectionOpened: (connection) => {
      sink.connectionOpened(connection);
    },
    connectionClosed: (connection) => {
      sink.connectionClosed(connection);
    },
    tcpEvent: (kind, connection, direction, frame, time) => {
      sink.tcpEvent?.(kind, connection, direction, frame, time);
    },
    acknowledged: (connection, direction) => {
      sink.acknowledged?.(connection, direction);
    },
  };
  const reader = new MessageReader(files, counting, {
    clock: options.clock ?? new Clock(),
    zookeeperPorts: options.ports,
    onProgress: (read, total) => {
      progress.update(read, total);
    },
  });
  const { output } = options;
  const interrupt = onInterrupt();
  const signal = output === undefined ? interrupt.signal : AbortSignal.any([interrupt.signal, output.signal]);
  try {
    await reader.read(() => {
      watchHeap();
      return output?.drain();
    }, signal);
  } finally {
    progress.stop();
    interrupt.release();
  }
  return { reader, losses, interrupted: interrupt.signal.aborted };
}

/** All that was lost or not understood, one part each; empty where nothing was. */
export function lossParts(run: Run, forgotten: Forgotten | null = null): string[] {
  const { reader, losses } = run;
  return losses.parts(reader.captures, reader.dissector.problems(), reader.tcp.forgotten, forgotten);
}

/** One line on standard error of all that was lost or not understood; none where nothing was. */
export function reportLosses(run: Run, forgotten: Forgotten | null = null): void {
  const { reader, losses } = run;
  const parts = lossParts(run, forgotten);
  if (losses.messages === 0) parts.unshift(nothingFound(reader.captures, reader.tcp.count));
  if (parts.length === 0) return;
  process.stderr.write(`zkscope: ${losses.messages === 0 ? '' : 'not decoded: '}${parts.join('; ')}\n`);
}
