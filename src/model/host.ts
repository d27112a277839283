import type { Session } from './session.js';

const KEPT = 512;

/** A client machine as the servers see it: one IP address. Several processes, and behind NAT several machines, share one. */
export class Host {
  connections = 0;
  openConnections = 0;
  /** Its sessions in order of appearance; beyond a bound the oldest that ended are forgotten, and counted. */
  readonly sessions: Session[] = [];
  forgottenSessions = 0;

  constructor(readonly ip: string) {}

  add(session: Session): void {
    this.sessions.push(session);
    if (this.sessions.length <= KEPT) return;
    const ended = this.sessions.findIndex((s) => s.end !== 'open');
    this.sessions.splice(Math.max(ended, 0), 1);
    this.forgottenSessions++;
  }
}
