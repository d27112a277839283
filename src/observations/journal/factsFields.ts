import type { LineClock } from '../../protocols/journal.js';
import type { LineFields } from '../../protocols/lineFields.js';
import { StreamFacts, type BothEnds, type ConnectionFacts, type LostBetween, type Moment } from '../connectionFacts.js';

type Fields = Record<string, unknown>;

const START = new StreamFacts();
type FactName = Exclude<keyof StreamFacts, 'last' | 'lastPayload'>;
const NAMES = Object.keys(START) as FactName[];

/** A moment as a line tells it. */
export function momentFields(moment: Moment, clock: LineClock): Fields {
  return { frame: moment.frame, time: clock.format(moment.time) };
}

/** Null where there is none. */
export function momentOf(line: LineFields | null, clock: LineClock): Moment | null {
  const frame = line?.integer('frame') ?? null;
  const time = clock.parse(line?.text('time') ?? '');
  return frame === null || time === null ? null : { frame, time };
}

/** What a connection has come to. What is as at the start of every connection is left out. */
export function connectionFields(connection: ConnectionFacts, clock: LineClock): Fields {
  const fields: Fields = {};
  if (connection.foreign !== null) fields['foreign'] = connection.foreign;
  if (connection.synCount > 0) fields['synCount'] = connection.synCount;
  for (const name of ['syn', 'lastSyn', 'synAck', 'refused'] as const) {
    const moment = connection[name];
    if (moment !== null) fields[name] = momentFields(moment, clock);
  }
  if (connection.bothEnds !== null) fields['bothEnds'] = bothEndsFields(connection.bothEnds);
  fields['toServer'] = streamFields(connection.toServer, clock);
  fields['toClient'] = streamFields(connection.toClient, clock);
  return fields;
}

/** What stands in JSON of a connection that was captured at both ends: what is not known is absent. */
export function bothEndsFields({ near, far, toServer, toClient }: BothEnds): {
  near: string;
  far: string;
  toServer?: LostBetween;
  toClient?: LostBetween;
} {
  return {
    near,
    far,
    ...(toServer === null ? {} : { toServer: { ...toServer } }),
    ...(toClient === null ? {} : { toClient: { ...toClient } }),
  };
}

function readBothEnds(line: LineFields | null): BothEnds | null {
  const [near, far] = [line?.text('near') ?? null, line?.text('far') ?? null];
  if (line === null || near === null || far === null) return null;
  return { near, far, toServer: readLost(line.object('toServer')), toClient: readLost(line.object('toClient')) };
}

function readLost(line: LineFields | null): LostBetween | null {
  const [segments, bytes] = [line?.integer('segments') ?? null, line?.integer('bytes') ?? null];
  const notCaptured = line?.integer('notCaptured') ?? null;
  return segments === null || bytes === null || notCaptured === null ? null : { segments, bytes, notCaptured };
}

function streamFields(facts: StreamFacts, clock: LineClock): Fields {
  const fields: Fields = {};
  for (const name of NAMES) {
    const value = facts[name];
    if (value === START[name]) continue;
    if (typeof value === 'object') fields[name] = momentFields(value!, clock);
    else fields[name] = name.endsWith('Time') ? clock.format(value as number) : value;
  }
  return fields;
}

/** Takes over what a line says a connection has come to. */
export function readConnection(connection: ConnectionFacts, line: LineFields, clock: LineClock): void {
  connection.foreign = line.text('foreign');
  connection.synCount = line.integer('synCount') ?? 0;
  for (const name of ['syn', 'lastSyn', 'synAck', 'refused'] as const)
    connection[name] = momentOf(line.object(name), clock);
  connection.bothEnds = readBothEnds(line.object('bothEnds'));
  readStream(connection.toServer, line.object('toServer'), clock);
  readStream(connection.toClient, line.object('toClient'), clock);
}

function readStream(facts: StreamFacts, line: LineFields | null, clock: LineClock): void {
  if (line === null) return;
  const into = facts as unknown as Record<FactName, unknown>;
  for (const name of NAMES) {
    const start: unknown = START[name];
    if (typeof start === 'boolean') into[name] = line.flag(name);
    else if (typeof start === 'object') into[name] = momentOf(line.object(name), clock);
    else into[name] = (name.endsWith('Time') ? clock.parse(line.text(name) ?? '') : line.integer(name)) ?? start;
  }
}
