import { plural } from '../../observations/words.js';
import type { AnalyzeDocument } from './document.js';

/**
 * How many sessions were not seen whole, as `2 sessions`; null where all were. Not all sessions of a large capture are
 * listed: of those that are not, nobody can say.
 */
export function incompleteSessions({ sessions, summary }: Pick<AnalyzeDocument, 'sessions' | 'summary'>): {
  readonly beganBefore: string | null;
  /** With its verb: `1 session has`. */
  readonly withGaps: string | null;
} {
  const least = summary.forgotten.sessionsNotListed > 0 ? 'at least ' : '';
  const before = sessions.filter((session) => !session.startCaptured).length;
  const gaps = sessions.filter((session) => session.gaps > 0).length;
  return {
    beganBefore: before === 0 ? null : `${least}${plural(before, 'session')}`,
    withGaps: gaps === 0 ? null : `${least}${plural(gaps, 'session')} ${gaps === 1 ? 'has' : 'have'}`,
  };
}
