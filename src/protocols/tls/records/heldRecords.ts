import type { RecordPlace } from './record.js';

/** A record that waits for its key, with bytes of its own. */
export interface HeldRecord {
  readonly bytes: Buffer;
  readonly place: RecordPlace;
}

/**
 * Bytes that wait on one direction of a connection, and on all connections of a run together.
 * @bound bytes
 */
const MAX_HELD = 64 * 1024;
/**
 * Records of all connections that wait for their key.
 * @bound bytes
 */
const MAX_HELD_IN_ALL = 16 * 1024 * 1024;

/** What waits on all connections of a run. */
export class HoldBudget {
  bytes = 0;
}

/** Records that cannot be opened yet, within a bound. */
export class HeldRecords {
  private records: HeldRecord[] = [];
  private bytes = 0;

  constructor(private readonly budget: HoldBudget) {}

  get count(): number {
    return this.records.length;
  }

  /** Keeps a copy; false where the bound is reached. */
  add(record: Buffer, place: RecordPlace): boolean {
    if (this.bytes + record.length > MAX_HELD || this.budget.bytes + record.length > MAX_HELD_IN_ALL) return false;
    this.bytes += record.length;
    this.budget.bytes += record.length;
    this.records.push({ bytes: Buffer.from(record), place });
    return true;
  }

  /** Gives all up, in order. */
  take(): HeldRecord[] {
    const taken = this.records;
    this.budget.bytes -= this.bytes;
    this.records = [];
    this.bytes = 0;
    return taken;
  }
}
