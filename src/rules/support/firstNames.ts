import { namesBytes, Room } from '../../model/index.js';
import { listing } from '../../observations/words.js';

/** The first of several names, and how many there were. */
export interface FirstNames {
  readonly first: readonly string[];
  readonly count: number;
}

/** Names that are told of each. */
const NAMES = 50;
/**
 * Names of children that one rule keeps to tell of.
 * @bound bytes
 */
const MAX_BYTES = 4 * 1024 * 1024;

/** Keeps the first names of lists as long as there is room; of the others only how many there were. */
export class NameRoom {
  private readonly room = new Room(MAX_BYTES);

  /** @param notKept is told whenever there is none (see RuleContext.notKept) */
  constructor(private readonly notKept: () => void) {}

  take(names: readonly string[]): FirstNames {
    const first = names.slice(0, NAMES);
    if (this.room.take(namesBytes(first))) return { first, count: names.length };
    this.notKept();
    return { first: [], count: names.length };
  }

  /** They are not kept any more. */
  give({ first }: FirstNames): void {
    this.room.give(namesBytes(first));
  }
}

/** The names that are kept, and how many more there were. */
export function namesText({ first, count }: FirstNames): string {
  return listing(first, undefined, count);
}
