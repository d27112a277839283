import { afterForgetting } from '../bounds.js';
import type { Session } from './session.js';

/** Sessions that have ended and are kept for those that follow them. */
const ENDED_KEPT = 4;
/**
 * Sessions of one client host.
 * @bound sessions
 */
const KEPT = 2048;

const NO_SESSIONS: Session[] = [];

/** A client machine as the servers see it: one IP address. Several processes, and behind NAT several machines, share one. */
export class Host {
  connections = 0;
  openConnections = 0;
  /** Its sessions in order of appearance; beyond a bound the oldest that ended are forgotten, and counted. */
  sessions: Session[] = NO_SESSIONS;
  forgottenSessions = 0;
  /** Sessions that began until then may be forgotten; -1 while none is. */
  forgottenUntil = -1;
  private ended = 0;

  constructor(readonly ip: string) {}

  /** It has connections, or sessions that have not ended. */
  get inUse(): boolean {
    return this.openConnections > 0 || this.sessions.length > this.ended;
  }

  add(session: Session): void {
    // Most have one: an array that was pushed to has room for 17.
    if (this.sessions.length === 0) this.sessions = [session];
    else this.sessions.push(session);
    if (this.sessions.length > KEPT) this.forget(0, this.sessions.length - afterForgetting(KEPT));
  }

  /** The latest `count`, in order of appearance. */
  latestSessions(count: number): readonly Session[] {
    return this.sessions.length <= count ? this.sessions : this.sessions.slice(-count);
  }

  /** A session was closed: the host keeps the latest of those only. @returns the one that it no longer keeps */
  sessionEnded(): Session | null {
    if (++this.ended <= ENDED_KEPT) return null;
    const oldest = this.sessions.find((session) => session.judged) ?? null;
    if (oldest !== null) this.forgetSession(oldest);
    return oldest;
  }

  /** Of one that has ended, there are too many elsewhere. */
  forgetSession(session: Session): void {
    const index = this.sessions.indexOf(session);
    if (index >= 0) this.forget(index, 1);
  }

  private forget(index: number, count: number): void {
    for (const session of this.sessions.splice(index, count)) {
      if (session.judged) this.ended--;
      this.forgottenSessions++;
      this.forgottenUntil = Math.max(this.forgottenUntil, session.start.time);
    }
  }
}
