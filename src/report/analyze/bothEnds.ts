import type { CapturedPair } from '../../model/measures/capturedPairs.js';
import { bothEndsFields } from '../../observations/journal/factsFields.js';
import type { Count } from '../../observations/values.js';
import { plural } from '../../observations/words.js';
import { printable } from '../text/escape.js';

/** what was seen at the sender's point of capture and never at the receiver's
 * @additionalProperties false */
export interface LostBetweenEntry {
  /** as they were sent again */
  segments: Count;
  bytes: Count;
  /** bytes that passed a point whose capture does not have them: not lost on the way */
  notCaptured: Count;
}

/** What was lost between the two points at which a connection was captured.
 * @additionalProperties false */
export interface BothEndsEntry {
  /** host where the client's end was captured */
  near: string;
  /** host where the server's end was captured */
  far: string;
  /** of what the client sent; absent where it is not known: journals do not say it */
  toServer?: LostBetweenEntry;
  /** of what the server sent */
  toClient?: LostBetweenEntry;
}

/** The same of all connections between two points.
 * @additionalProperties false */
export interface CapturedPairEntry extends BothEndsEntry {
  connections: Count;
  /** of how many of them it is not known what was lost, in one direction or both; absent where of none */
  unknown?: Count;
}

export function capturedPairEntry(pair: CapturedPair): CapturedPairEntry {
  const { connections, unknown } = pair;
  return { connections, ...(unknown === 0 ? {} : { unknown }), ...bothEndsFields(pair) };
}

/** Why it may be unknown what was lost. */
const NOT_SAID = 'decoded lines do not say which bytes a segment held';

/** One line: how many connections were captured at both ends, and what was lost. */
export function pairText(pair: CapturedPairEntry): string {
  const { connections, unknown = 0 } = pair;
  const partly = unknown > 0 && unknown < connections ? `; of ${unknown} of them it is unknown (${NOT_SAID})` : '';
  return `${plural(connections, 'connection')} captured at both ends: ${lostText(pair)}${partly}.`;
}

/** What was lost, and between which points: `5 segments (137 bytes) were lost from a to b, none from b to a`. */
export function lostText({ near, far, toServer, toClient }: BothEndsEntry): string {
  const [client, server] = [printable(near), printable(far)];
  if (toServer === undefined && toClient === undefined)
    return `what was lost between ${client} and ${server} is unknown (${NOT_SAID})`;
  const missed = (toServer?.notCaptured ?? 0) + (toClient?.notCaptured ?? 0);
  const parts = [oneWay(toServer, client, server), oneWay(toClient, server, client)];
  const also = missed > 0 ? `; ${plural(missed, 'byte')} passed one of them uncaptured` : '';
  return `${parts.join(', ')}${also}`;
}

function oneWay(lost: LostBetweenEntry | undefined, from: string, to: string): string {
  if (lost === undefined) return `what was lost from ${from} to ${to} is unknown`;
  const what = lost.segments === 0 ? 'nothing' : `${plural(lost.segments, 'segment')} (${plural(lost.bytes, 'byte')})`;
  return `${what} lost from ${from} to ${to}`;
}
