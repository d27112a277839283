import { sinkOf, type Sink } from '../forward.js';
import type { ConnectionFacts } from '../connectionFacts.js';
import type { Message } from '../../protocols/registry.js';
import type { Awake } from './coverage.js';
import { SeenSegments } from './segments.js';
import { isWrite } from '../../protocols/zookeeper/format/opcodes.js';

/**
 * What is kept of one host to compare clocks by.
 * @bound entries of each kind
 */
const MOST = 200_000;

/** A zxid and when it was seen, in nanoseconds since the base of the run. */
export interface ZxidMoment {
  readonly zxid: number;
  readonly time: number;
}

/** What a capture of one host says about times that another host's must agree with. */
export class Sightings {
  /** Writes that succeeded: their zxid, and when they were asked for. Nobody can know that zxid earlier. */
  readonly asked: ZxidMoment[] = [];
  /** When answers first showed a zxid as high as this: rising. */
  readonly shown: ZxidMoment[] = [];
  /** When messages of a connection were seen, which another host may have captured at its other end. */
  readonly requests = new Map<string, number>();
  readonly answers = new Map<string, number>();
  /** Sessions of the connections, by `client server`. */
  readonly sessions = new Map<string, Set<string>>();
  readonly segments = new SeenSegments();
  /** When packets were captured; set when all were read. */
  awake: Awake = { from: -Infinity, until: Infinity };
  readonly sink: Sink = sinkOf({
    message: (message, connection) => {
      this.message(message, connection);
    },
  });

  /** @param most entries that are kept of each kind */
  constructor(private readonly most = MOST) {}

  private message(m: Message, { client, server }: ConnectionFacts): void {
    if (m.protocol !== 'zookeeper') return;
    const { kind, time, zxid, xid } = m;
    const ends = `${client.text} ${server.text}`;
    if (m.session !== null && kind === 'response') this.session(ends, m.session);
    const seen = kind === 'request' ? this.requests : this.answers;
    if (xid > 0 && kind !== 'notification' && seen.size < this.most) {
      const key = `${ends} ${xid}`;
      if (!seen.has(key)) seen.set(key, time);
    }
    if (kind !== 'response' || zxid <= 0) return;
    if (zxid > (this.shown.at(-1)?.zxid ?? 0) && this.shown.length < this.most) this.shown.push({ zxid, time });
    if (m.request !== null && m.err === 0 && isWrite(m.request.opcode) && this.asked.length < this.most)
      this.asked.push({ zxid, time: m.request.time });
  }

  private session(ends: string, session: string): void {
    const known = this.sessions.get(ends);
    if (known !== undefined) known.add(session);
    else if (this.sessions.size < this.most) this.sessions.set(ends, new Set([session]));
  }
}
