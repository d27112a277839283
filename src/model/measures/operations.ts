import { LEAST_OPCODE, OPCODE_SPAN } from '../../protocols/zookeeper/format/layout.js';
import { Histogram } from './histogram.js';

const NO_ERRORS: ReadonlyMap<number, number> = new Map<number, number>();
/** ZooKeeper has fewer. */
const MOST_CODES = 64;

/** What was seen of one operation. Latencies are nanoseconds. */
export class OperationStats {
  requests = 0;
  errors = 0;
  /** How often each error was the answer, by its code; bounded, and shared while there is none. */
  errorCodes: ReadonlyMap<number, number> = NO_ERRORS;
  readonly latency = new Histogram();
  constructor(
    readonly opcode: number,
    readonly op: string,
  ) {}

  failed(code: number): void {
    this.errors++;
    if (this.errorCodes === NO_ERRORS) this.errorCodes = new Map();
    const codes = this.errorCodes as Map<number, number>;
    const count = codes.get(code);
    if (count !== undefined || codes.size < MOST_CODES) codes.set(code, (count ?? 0) + 1);
  }
}

/** OperationStats by opcode. Opcodes that no version defines share a bounded number of entries. */
export class Operations {
  private readonly table = new Array<OperationStats | undefined>(OPCODE_SPAN).fill(undefined);
  private readonly others = new Map<number, OperationStats>();
  /** Four-letter words have no opcode. */
  private words: OperationStats | undefined;

  get(opcode: number, op: string): OperationStats {
    if (op === 'fourLetterWord') return (this.words ??= new OperationStats(opcode, op));
    const place = opcode - LEAST_OPCODE;
    if (place >= 0 && place < OPCODE_SPAN) return (this.table[place] ??= new OperationStats(opcode, op));
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
    return this.table[opcode - LEAST_OPCODE] ?? this.others.get(opcode);
  }

  /** In order of opcode. */
  list(): OperationStats[] {
    const words = this.words === undefined ? [] : [this.words];
    return [...this.table.filter((stats) => stats !== undefined), ...this.others.values(), ...words];
  }
}
