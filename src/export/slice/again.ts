import { CaptureReader, type CaptureReaderOptions } from '../../observations/captureReader.js';
import type { CaptureInput } from '../../observations/inputs.js';
import { Analysis, type AnalysisOptions } from '../../rules/analysis.js';
import type { Finding } from '../../rules/finding.js';

/** Whether two findings say the same of the same: frames are numbered alike. */
export function saysTheSame(a: Finding, b: Finding): boolean {
  if (a.rule !== b.rule || a.severity !== b.severity || a.path !== b.path || a.session !== b.session) return false;
  if (a.client !== b.client || a.server !== b.server) return false;
  const frames = new Set(b.evidence.map(({ frame }) => frame));
  return a.evidence.every(({ frame }) => frames.has(frame));
}

/** Reads captures as if they held nothing but the frames that are accepted; gives what is found in them. */
export async function findingsIn(
  inputs: readonly CaptureInput[],
  accepts: (frame: number) => boolean,
  how: AnalysisOptions,
  reading: CaptureReaderOptions,
): Promise<readonly Finding[]> {
  const analysis = new Analysis(how);
  const reader = new CaptureReader(inputs, analysis.sink, { ...reading, accepts });
  await reader.read();
  analysis.end(reader.last.time);
  return analysis.findings;
}
