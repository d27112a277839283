import type { CaptureReaderOptions } from '../../observations/captureReader.js';
import type { CaptureInput, Clock } from '../../observations/inputs.js';
import type { ServerPort } from '../../protocols/router.js';
import type { KeyStore } from '../../protocols/tls/keys/keyStore.js';
import type { Analysis, AnalysisOptions } from '../../rules/analysis.js';
import type { Finding } from '../../rules/finding.js';
import { incidentsOf } from '../../rules/incident.js';
import { focuses } from '../../report/postmortem/build.js';
import { EvidenceReader } from '../../report/postmortem/evidence/evidenceReader.js';
import type { Focus } from '../../report/postmortem/evidence/focus.js';
import { findingsIn, saysTheSame } from './again.js';
import { concerned, REACHES, type Reach } from './concerned.js';
import type { Selection } from './selection.js';

/** Findings that are to be cut out, by the numbers that analyze gives them. */
export interface WantedFindings {
  readonly findings: readonly number[];
  readonly incidents: readonly number[];
}

/** Which number does not exist, and how many there are. */
export class NoSuchFinding extends Error {
  override readonly name = 'NoSuchFinding';
}

/** The findings that were asked for. Throws NoSuchFinding. */
export function wantedFindings({ findings, incidents }: WantedFindings, analysis: Analysis): Finding[] {
  const byNumber = new Map(analysis.findings.map((finding) => [analysis.numberOf(finding), finding]));
  const stories = incidentsOf(analysis.findings);
  const wanted = new Set<Finding>();
  for (const number of findings) {
    const finding = byNumber.get(number);
    if (finding === undefined) throw new NoSuchFinding(missing('finding', number, byNumber.size));
    wanted.add(finding);
  }
  for (const number of incidents) {
    const story = stories[number - 1];
    if (story === undefined) throw new NoSuchFinding(missing('incident', number, stories.length));
    for (const finding of story.findings) wanted.add(finding);
  }
  return [...wanted];
}

function missing(what: string, number: number, count: number): string {
  const there = count === 0 ? 'there is none' : count === 1 ? 'there is one' : `they are 1 to ${count}`;
  return `there is no ${what} ${number}: ${there}`;
}

/** What findings cite: evidence, and what changed their path in between. */
export function cited(wanted: readonly Finding[], { model }: Analysis): Map<Finding, Focus> {
  // One at a time: of many a report tells only the first.
  return new Map(
    wanted.flatMap((finding) => focuses({ findings: [finding], model }).map((focus) => [finding, focus] as const)),
  );
}

/** Frames of findings and of what explains them: the requests of cited answers, ends of connections in between. */
export async function framesFor(
  focused: ReadonlyMap<Finding, Focus>,
  inputs: readonly CaptureInput[],
  reading: EvidenceReading,
): Promise<number[]> {
  const ladders = [...focused.values()];
  await new EvidenceReader(ladders, reading.clock, reading.ports, reading.keys).read(inputs);
  return ladders.flatMap((focus) => focus.ladder().flatMap(({ kind, frame }) => (kind === 'omitted' ? [] : [frame])));
}

interface EvidenceReading {
  readonly clock: Clock;
  readonly ports: readonly ServerPort[];
  readonly keys: KeyStore;
}

export interface Found {
  /** Numbers of the connections. */
  readonly connections: ReadonlySet<number>;
  readonly reach: Reach;
  /** Read by themselves they give all of the findings again. */
  readonly again: boolean;
}

/**
 * The fewest connections which, read by themselves, give the findings again: if those that the findings name do not, more
 * are tried. `inputs` gives the captures anew each time.
 */
export async function connectionsFor(
  wanted: readonly Finding[],
  focused: ReadonlyMap<Finding, Focus>,
  selection: Selection,
  inputs: () => readonly CaptureInput[],
  how: AnalysisOptions,
  reading: CaptureReaderOptions,
): Promise<Found> {
  let before = -1;
  for (const reach of REACHES) {
    const connections = new Set(
      wanted.flatMap((one) => [...concerned(reach, one, focused.get(one)?.frames ?? [], selection)]),
    );
    if (connections.size === before) continue;
    before = connections.size;
    const accepts = (frame: number): boolean => connections.has(selection.index.connectionOf(frame));
    const found = await findingsIn(inputs(), accepts, how, reading);
    if (wanted.every((one) => found.some((other) => saysTheSame(one, other))))
      return { connections, reach, again: true };
  }
  const connections = new Set(selection.connections.keys());
  return { connections, reach: 'all', again: false };
}
