import type { CaptureWriter } from '../../capture/write/captureWriter.js';
import type { OriginalInterface, OriginalPacket } from '../../capture/original.js';
import { OptionCode } from '../../capture/write/options.js';

/**
 * Bytes of frames that wait for each other, with what each takes by itself.
 * @bound bytes
 */
const MOST_BYTES = 16 * 1024 * 1024;
/** What a frame takes beside its bytes: its place, what is to be done when it is whole. */
const FRAME_BYTES = 1000;

/** A frame that is written as soon as all before it are. */
export class OutputFrame {
  /** Places in it that are not filled yet. */
  open = 0;

  constructor(
    readonly original: OriginalPacket,
    readonly data: Buffer,
    readonly originalLength: number,
    /** Decides what is missing, so that it can be written. */
    public force: (() => void) | null = null,
  ) {}
}

/** Frames in the order of the capture, on their way out. */
export class OutputQueue {
  private frames: OutputFrame[] = [];
  private head = 0;
  private bytes = 0;
  private readonly interfaces = new Map<OriginalInterface, OriginalInterface>();

  constructor(private readonly writer: CaptureWriter) {}

  add(frame: OutputFrame): void {
    this.frames.push(frame);
    this.bytes += FRAME_BYTES + frame.data.length;
    this.flush();
    while (this.bytes > MOST_BYTES) this.forceFirst();
  }

  /** The capture is over. */
  end(): void {
    this.flush();
    while (this.head < this.frames.length) this.forceFirst();
  }

  private forceFirst(): void {
    const first = this.frames[this.head];
    first?.force?.();
    // Whatever it still waits for is zeros.
    if (first !== undefined) first.open = 0;
    this.flush();
  }

  private flush(): void {
    const { frames } = this;
    for (let first = frames[this.head]; first?.open === 0; first = frames[this.head]) {
      this.head++;
      this.bytes -= FRAME_BYTES + first.data.length;
      const { high, low, source } = first.original;
      this.writer.packet(
        { source: this.interfaceOf(source), high, low, options: [] },
        first.data,
        first.originalLength,
      );
    }
    if (this.head > 1024 && this.head * 2 > frames.length) {
      this.frames = frames.slice(this.head);
      this.head = 0;
    }
  }

  /** Of an interface only what its packets need: names, descriptions and filters say where it was captured. */
  private interfaceOf(source: OriginalInterface): OriginalInterface {
    let own = this.interfaces.get(source);
    if (own === undefined) {
      const { linkType, snapLength } = source;
      const times: readonly number[] = [OptionCode.IF_TSRESOL, OptionCode.IF_TSOFFSET];
      own = { linkType, snapLength, options: source.options.filter(({ code }) => times.includes(code)) };
      this.interfaces.set(source, own);
    }
    return own;
  }
}
