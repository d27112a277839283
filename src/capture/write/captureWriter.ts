import type { OriginalInterface, OriginalPacket } from '../original.js';
import { BlockWriter } from './blockWriter.js';
import { comment, OptionCode, type BlockOption } from './options.js';

/** Bytes that are put together before they are handed on. */
const PIECE = 256 * 1024;

export interface SectionFacts {
  /** The program that writes, with its version. */
  readonly program: string;
  readonly comments?: readonly string[];
}

/**
 * Writes packets of any captures into one pcapng section, little-endian. Interfaces are described before their first
 * packet, each once however many captures have it; times keep all digits and their own unit, packets and interfaces their
 * options.
 */
export class CaptureWriter {
  private readonly blocks = new BlockWriter();
  private readonly numbers = new Map<OriginalInterface, number>();
  private readonly described = new Map<string, number>();
  /** Packets written. */
  packets = 0;

  /** @param out is given the bytes in large pieces */
  constructor(
    private readonly out: (bytes: Buffer) => void,
    { program, comments = [] }: SectionFacts,
  ) {
    const application = { code: OptionCode.USER_APPLICATION, value: Buffer.from(program) };
    this.blocks.section(this.blocks.options([...comments.map(comment), application]));
  }

  /** A TLS key log, for the packets behind it. */
  keyLog(lines: Buffer): void {
    this.blocks.keyLog(lines);
  }

  /** @param data captured bytes @param originalLength bytes on the wire @param more options beside the packet's own */
  packet(
    { source, high, low, options }: OriginalPacket,
    data: Buffer,
    originalLength: number,
    more: readonly BlockOption[] = [],
  ): void {
    const number = this.numberOf(source);
    const all = more.length === 0 ? options : [...options, ...more];
    this.blocks.packet(number, high, low, data, originalLength, this.blocks.options(all));
    this.packets++;
    if (this.blocks.pending >= PIECE) this.flush();
  }

  /** Hands on what waits. */
  flush(): void {
    if (this.blocks.pending > 0) this.out(this.blocks.take());
  }

  private numberOf(source: OriginalInterface): number {
    const known = this.numbers.get(source);
    if (known !== undefined) return known;
    const { linkType, snapLength } = source;
    const options = this.blocks.options(source.options);
    const key = `${linkType} ${snapLength} ${options.toString('latin1')}`;
    let number = this.described.get(key);
    if (number === undefined) {
      number = this.described.size;
      this.described.set(key, number);
      this.blocks.interface(linkType, snapLength, options);
    }
    this.numbers.set(source, number);
    return number;
  }
}
