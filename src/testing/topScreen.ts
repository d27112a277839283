import { Chalk } from 'chalk';
import type { TopScreen } from '../report/top/text.js';

/** A screen of `zkscope top` as it begins, on a terminal of 80 columns without colours. */
export function screenOf(changed: Partial<TopScreen> = {}): TopScreen {
  return {
    colour: new Chalk({ level: 0 }),
    width: 80,
    height: 24,
    table: 'op',
    sort: 'requests',
    filter: null,
    typing: false,
    paused: false,
    help: false,
    zone: 'UTC',
    serving: null,
    ...changed,
  };
}
