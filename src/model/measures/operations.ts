import { Histogram } from './histogram.js';

/** What was seen of one operation. Latencies are nanoseconds. */
export class OperationStats {
  requests = 0;
  errors = 0;
  readonly latency = new Histogram();
  constructor(
    readonly opcode: number,
    readonly op: string,
  ) {}
}

const OFFSET = 16;
const SIZE = 128;

/** OperationStats by opcode. Opcodes that no version defines share a bounded number of entries. */
export class Operations {
  private readonly table = new Array<OperationStats | undefined>(SIZE).fill(undefined);
  private readonly others = new Map<number, OperationStats>();
  /** Four-letter words have no opcode. */
  private words: OperationStats | undefined;

  get(opcode: number, op: string): OperationStats {
    if (op === 'fourLetterWord') return (this.words ??= new OperationStats(opcode, op));
    const place = opcode + OFFSET;
    if (place >= 0 && place < SIZE) return (this.table[place] ??= new OperationStats(opcode, op));
    let stats = this.others.get(opcode);
    if (stats === undefined) {
      const full = this.others.size >= 64;
      stats = full ? this.others.get(Infinity) : undefined;
      if (stats === undefined) {
        stats = new OperationStats(opcode, full ? 'unknown' : op);
        this.others.set(full ? Infinity : opcode, stats);
      }
    }
    return stats;
  }

  /** What is known of an operation, without making an entry. */
  find(opcode: number): OperationStats | undefined {
    return this.table[opcode + OFFSET] ?? this.others.get(opcode);
  }

  /** In order of opcode. */
  list(): OperationStats[] {
    const words = this.words === undefined ? [] : [this.words];
    return [...this.table.filter((stats) => stats !== undefined), ...this.others.values(), ...words];
  }
}
