import type { Clock, CaptureInfo } from '../../observations/inputs.js';
import { type Counts, Grouping } from '../../model/measures/grouping.js';
import { SessionCounts } from '../../model/journals/sessionEvents.js';
import { Statistics } from '../../model/measures/statistics.js';
import type { FindingEntry } from '../analyze/document.js';

/** One of the two things that are compared: a set of captures, or a stretch of time of one. */
export class Side {
  readonly byOp = new Grouping({ by: ['op'] });
  readonly byError = new Grouping({ by: ['op', 'error'] });
  readonly byPath: Grouping;
  readonly byClient = new Grouping({ by: ['client'] });
  readonly byServer = new Grouping({ by: ['server'] });
  readonly statistics: Statistics;
  readonly sessions = new SessionCounts();
  captures: readonly CaptureInfo[] = [];
  clock: Clock | null = null;
  /** Of the time that is compared; nanoseconds since the base of the clock. Null while nothing was read. */
  from: number | null = null;
  to: number | null = null;
  findings: readonly FindingEntry[] = [];

  /**
   * @param label what people call it: its files
   * @param depth parts of paths that are kept, null for all
   */
  constructor(
    readonly label: string,
    depth: number | null,
  ) {
    this.byPath = new Grouping({ by: ['path'], depth });
    this.statistics = new Statistics([this.byOp, this.byError, this.byPath, this.byClient, this.byServer]);
  }

  /** Seconds; 0 where there is no time to speak of, and then there are no rates. */
  get seconds(): number {
    return this.from === null || this.to === null ? 0 : Math.max(0, this.to - this.from) / 1e9;
  }

  /** How often a second, null where the side has no length. */
  rate(count: number): number | null {
    return this.seconds > 0 ? count / this.seconds : null;
  }
}

/** The groups of one dimension by their value as text; groups without a value are left out. */
export function countsByName(
  grouping: Grouping,
  name: (values: readonly (string | number | null)[]) => string | null,
): Map<string, Counts> {
  const result = new Map<string, Counts>();
  for (const { values, counts } of grouping.groups) {
    const key = name(values);
    if (key !== null) result.set(key, counts);
  }
  return result;
}
