import type { LineFields } from '../../protocols/lineFields.js';
import type { ConnectionFacts } from '../connectionFacts.js';

/**
 * Nanoseconds for which a connection that a recorder saw before it was killed is the one that the next sees between the
 * same addresses: for a minute the client's kernel does not use them again.
 */
const SAME_CONNECTION = 30e9;
/**
 * Connections whose reading was cut off, and that the next reading may go on with.
 * @bound connections
 */
const MOST_LEFT = 20_000;

/** A reading of packets that has ended without saying so. */
export interface EndedReading {
  readonly run: string;
  /** Its latest line. */
  readonly time: number;
}

interface Left {
  readonly granted: LineFields;
  readonly time: number;
}

/**
 * Readings (`run`) that follow each other: those of one recorder, which was killed and started again. The name of such a
 * run is the recorder's, a hyphen, and the beginning.
 */
export class Readings {
  private readonly latest = new Map<string, EndedReading>();
  /** Lines of the answers that gave connections their sessions. */
  private readonly answers = new WeakMap<ConnectionFacts, LineFields>();
  private readonly left = new Map<string, Left>();

  /** A line of `run` comes: the reading that it puts an end to, if it is the first of its run, otherwise null. */
  now(host: string, run: string, time: number): EndedReading | null {
    const hyphen = run.indexOf('-');
    if (hyphen < 0) return null;
    const recorder = `${host} ${run.slice(0, hyphen)}`;
    const before = this.latest.get(recorder);
    this.latest.set(recorder, { run, time });
    return before === undefined || before.run === run ? null : before;
  }

  /** An answer gives a connection its session. */
  granted(connection: ConnectionFacts, answer: LineFields): void {
    this.answers.set(connection, answer);
  }

  /** A connection was open when its reading ended. */
  leave(host: string, connection: ConnectionFacts, time: number): void {
    const granted = this.answers.get(connection);
    if (granted === undefined || this.left.size >= MOST_LEFT) return;
    this.left.set(nameOf(host, connection), { granted, time });
  }

  /** The answer that gave a connection its session, where the reading before this one had seen it. */
  sessionOf(host: string, connection: ConnectionFacts): LineFields | null {
    const key = nameOf(host, connection);
    const left = this.left.get(key);
    this.left.delete(key);
    return left !== undefined && connection.start.time - left.time <= SAME_CONNECTION ? left.granted : null;
  }
}

function nameOf(host: string, { client, server }: ConnectionFacts): string {
  return `${host} ${client.text} ${server.text}`;
}
