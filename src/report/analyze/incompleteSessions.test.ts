import { describe, expect, it } from 'vitest';
import type { AnalyzeDocument } from './document.js';
import { incompleteSessions } from './incompleteSessions.js';

type Part = Parameters<typeof incompleteSessions>[0];

const document = (sessions: { startCaptured: boolean; gaps: number }[], sessionsNotListed: number): Part => ({
  sessions: sessions as unknown as AnalyzeDocument['sessions'],
  summary: { forgotten: { sessionsNotListed } } as AnalyzeDocument['summary'],
});

describe('incompleteSessions', () => {
  const sessions = [
    { startCaptured: true, gaps: 0 },
    { startCaptured: false, gaps: 2 },
    { startCaptured: false, gaps: 0 },
  ];

  it('counts them where all sessions are listed', () => {
    expect(incompleteSessions(document(sessions, 0))).toEqual({ beganBefore: '2 sessions', withGaps: '1 session has' });
    expect(incompleteSessions(document(sessions.slice(0, 1), 0))).toEqual({ beganBefore: null, withGaps: null });
  });

  it('says that there may be more where they are not', () => {
    expect(incompleteSessions(document(sessions, 7))).toEqual({
      beganBefore: 'at least 2 sessions',
      withGaps: 'at least 1 session has',
    });
  });
});
