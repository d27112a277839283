import { basename } from 'node:path';
import { BufferPool } from './byteSource.js';
import { CaptureError } from './captureError.js';
import type { CaptureInfo } from './captureInfo.js';
import { OpenCapture, type PartialInput } from './captureInput.js';
import { Clock } from './clock.js';
import { NOT_A_PACKET } from './frameReader.js';
import type { Frame } from './frame.js';
import { MergeHeap } from './mergeHeap.js';
import { compareNames } from './nameOrder.js';
import type { FiledPacket } from './original.js';

export type { CaptureInput, PartialInput } from './captureInput.js';

export interface CaptureSetOptions {
  /** Called after each chunk: bytes read so far of all inputs, as stored, and their sum, null where one is a stream. */
  readonly onProgress?: (read: number, total: number | null) => void;
  /** Takes one capture's key logs (pcapng's Decryption Secrets Blocks) in pieces: called once for each input. */
  readonly secrets?: (file: string) => (bytes: Buffer) => void;
}

const CHUNK = 256 * 1024;
/** For a first look, and where many captures are open at once. */
const SMALL_CHUNK = 64 * 1024;
const MANY = 16;

/** A capture in the merge, with the time of its next frame and its rank among frames of equal time. */
interface Lane {
  readonly capture: OpenCapture;
  time: number;
  rank: number;
}

/**
 * The inputs of one run, read as one stream of frames in order of time, whatever their order on the command line: a
 * ring of files comes out as if it had been written as one; captures that overlap are merged frame by frame. A file is
 * opened for good only when the time of its first frame is reached. Frames of equal time come from the capture that
 * began earlier; the order within one capture is never changed.
 */
export class CaptureSet {
  /** One for each input, or part of one that is of several hosts, in the order given; filled in while reading. */
  readonly captures: readonly CaptureInfo[];
  private readonly inputs: readonly OpenCapture[];
  private readonly clock: Clock;
  private readonly onProgress: ((read: number, total: number | null) => void) | undefined;
  private readonly pool = new BufferPool(CHUNK);
  private readonly smallPool = new BufferPool(SMALL_CHUNK);
  private readonly lanes = new MergeHeap<Lane>(comesBefore);
  /** Files whose first frame has not been reached, latest first. */
  private readonly waiting: Lane[] = [];
  private number = 0;
  private readonly onHost: number[] = [];
  /** How many of the inputs are of each host. */
  private inputsOf: number[] | null = null;
  private total: number | null = null;
  private begun = false;

  constructor(inputs: readonly PartialInput[], clock: Clock, options: CaptureSetOptions = {}) {
    this.inputs = clock.hosts
      .withParts(inputs)
      .map(
        (input, index) =>
          new OpenCapture(input, index, options.secrets?.(typeof input === 'string' ? input : input.name)),
      );
    this.captures = this.inputs.map((input) => input.info);
    this.clock = clock;
    this.onProgress = options.onProgress;
  }

  /**
   * Reads all inputs, once. `onFrame` is called for each frame, `afterChunk` after the frames of each chunk (wait for
   * the output to drain there). An aborted `signal` ends the reading early, without an error. Throws CaptureError where
   * an input cannot be read at all; trouble later in a file is told by its CaptureInfo. What `onFrame` throws ends the
   * reading and is thrown on.
   */
  async read(
    onFrame: (frame: Frame) => void,
    afterChunk?: () => Promise<void> | void,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.begun) throw new Error('a CaptureSet can be read only once');
    this.begun = true;
    const abort = (): void => {
      for (const input of this.inputs) void input.close();
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      if (signal?.aborted === true) return;
      await this.prepare();
      await this.merge(onFrame, afterChunk, signal);
    } finally {
      signal?.removeEventListener('abort', abort);
      await Promise.all(this.inputs.map((input) => input.close()));
      if (signal?.aborted === true) for (const input of this.inputs) input.interrupt();
    }
  }

  /** What the capture says of a frame beside its bytes, while `onFrame` looks at it; null where it is no packet. */
  original(frame: Frame): FiledPacket | null {
    return this.inputs[frame.input]?.original() ?? null;
  }

  /** Finds out when each input begins; streams, which cannot be opened twice, stay open. */
  private async prepare(): Promise<void> {
    for (const [i, input] of this.inputs.entries()) {
      await input.examine();
      input.offset = this.clock.hosts.offsetOf(input.info.file);
      if (this.inputs.slice(0, i).some((other) => other.sharesWith(input)))
        throw new CaptureError(input.info.file, 'it is named twice, and can be read only once');
    }
    const sizes = this.inputs.map((input) => input.size);
    this.total = sizes.reduce((sum: number | null, size) => (sum === null || size === null ? null : sum + size), 0);
    const [only] = this.inputs;
    if (only !== undefined && this.inputs.length === 1) {
      await this.openLane({ capture: only, time: 0, rank: 0 });
      return;
    }
    const begins = [];
    const look = new Clock();
    for (const input of this.inputs) {
      if (!input.reopenable) continue;
      await input.open(look, this.smallPool);
      if (!(await advanceToPacket(input))) {
        await input.close();
        continue;
      }
      begins.push({ capture: input, time: input.frame.time, rank: 0 });
      await input.rewind();
    }
    begins.sort((a, b) => a.time - b.time || compareFiles(a.capture.info.file, b.capture.info.file));
    // Times on the clock of the first look become times on the clock of the run, whose base is the earliest.
    for (const [rank, lane] of begins.entries()) {
      const seconds = Math.floor(lane.time / 1e9);
      lane.time = this.clock.at((look.baseSeconds ?? 0) + seconds, lane.time - seconds * 1e9);
      lane.rank = rank;
    }
    this.waiting.push(...begins.reverse());
    for (const input of this.inputs) {
      if (input.reopenable) continue;
      await this.openLane({ capture: input, time: 0, rank: this.inputs.length + this.lanes.size });
    }
  }

  private async openLane(lane: Lane): Promise<void> {
    await lane.capture.open(this.clock, this.lanes.size < MANY ? this.pool : this.smallPool);
    if (!(await this.advance(lane.capture))) {
      await lane.capture.close();
      return;
    }
    lane.time = lane.capture.frame.time;
    this.lanes.add(lane);
  }

  private async merge(
    onFrame: (frame: Frame) => void,
    afterChunk: (() => Promise<void> | void) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for (;;) {
      const waiting = this.waiting.at(-1);
      const lane = this.lanes.first;
      if (waiting !== undefined && (lane === undefined || comesBefore(waiting, lane))) {
        this.waiting.pop();
        await this.openLane(waiting);
        continue;
      }
      if (lane === undefined || signal?.aborted === true) return;
      if (this.run(lane, waiting, onFrame)) {
        this.lanes.sinkFirst();
        continue;
      }
      await afterChunk?.();
      if (await this.advance(lane.capture)) {
        lane.time = lane.capture.frame.time;
        this.lanes.sinkFirst();
      } else {
        this.lanes.removeFirst();
        await lane.capture.close();
      }
    }
  }

  /** Hands on frames of `lane` as long as they come before all others; false where it needs more bytes. */
  private run(lane: Lane, waiting: Lane | undefined, onFrame: (frame: Frame) => void): boolean {
    const { capture } = lane;
    const frame = capture.frame;
    const second = this.lanes.second;
    const limit = second === undefined || (waiting !== undefined && comesBefore(waiting, second)) ? waiting : second;
    const { hosts } = this.clock;
    for (;;) {
      this.number++;
      capture.frames++;
      if (frame.linkType !== NOT_A_PACKET) {
        frame.number = hosts.several ? this.numberOnHost(capture) : this.number;
        capture.count(frame.number);
        onFrame(frame);
      }
      if (!capture.next()) return false;
      lane.time = frame.time;
      if (limit !== undefined && !comesBefore(lane, limit)) return true;
    }
  }

  /**
   * Frames run on over the files of one host, of which what is no packet is not counted. Those of an interface have the
   * numbers that they have in their file, where that is the only one of their host.
   */
  private numberOnHost(capture: OpenCapture): number {
    const { hosts } = this.clock;
    const index = hosts.indexOf(capture.info.file);
    this.inputsOf ??= this.inputs.reduce<number[]>((counts, { info }) => {
      const of = hosts.indexOf(info.file);
      counts[of] = (counts[of] ?? 0) + 1;
      return counts;
    }, []);
    const local = capture.part !== null && this.inputsOf[index] === 1 ? capture.frames : (this.onHost[index] ?? 0) + 1;
    this.onHost[index] = local;
    return hosts.number(index, local);
  }

  private async advance(capture: OpenCapture): Promise<boolean> {
    const more = await capture.advance();
    if (this.onProgress !== undefined) {
      const read = this.inputs.reduce((sum, input) => sum + input.info.bytes, 0);
      this.onProgress(read, this.total);
    }
    return more;
  }
}

function comesBefore(a: Lane, b: Lane): boolean {
  return a.time < b.time || (a.time === b.time && a.rank < b.rank);
}

async function advanceToPacket(input: OpenCapture): Promise<boolean> {
  do {
    if (!(await input.advance())) return false;
  } while (input.frame.linkType === NOT_A_PACKET);
  return true;
}

/** Files of one ring that begin in the same microsecond come in the order of their numbers. */
function compareFiles(a: string, b: string): number {
  return compareNames(basename(a), basename(b));
}
