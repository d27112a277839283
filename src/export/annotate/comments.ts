import type { AnalyzeDocument, FindingEntry } from '../../report/analyze/document.js';
import type { VerdictData } from '../../report/postmortem/data.js';
import { printable } from '../../report/text/escape.js';
import { shortText } from '../../report/text/shortNames.js';

/** Every comment has this word: `frame.comment contains "zkscope"` finds them. */
const MARK = 'zkscope';

/** Text of the capture as it may stand in a comment, however long its names. */
const said = (text: string): string => printable(shortText(text));

/** What findings say of frames: for each frame that they cite, a comment of each finding. */
export function findingComments({ findings }: AnalyzeDocument): Map<number, string[]> {
  const comments = new Map<number, string[]>();
  for (const finding of findings) {
    for (const [place, { frame, text }] of finding.evidence.entries()) {
      const told = `${head(finding, place)}: ${said(text)}${place === 0 ? `\n${whole(finding)}` : ''}`;
      const list = comments.get(frame);
      if (list === undefined) comments.set(frame, [told]);
      else list.push(told);
    }
  }
  return comments;
}

function head({ id, severity, rule, confidence, incident, evidence }: FindingEntry, place: number): string {
  const which = `evidence ${place + 1} of ${evidence.length}`;
  return `${MARK}: finding ${id}, ${severity} ${rule} (${confidence}), incident ${incident}, ${which}`;
}

/** Stands at the first frame. */
function whole({ title, message, remedy }: FindingEntry): string {
  return [`${said(title)}: ${said(message)}`, `What to do: ${said(remedy)}`].join('\n');
}

/** What is said of the whole capture. */
export function verdictComment({ headline, sentences, counted, unseen }: VerdictData, program: string): string {
  const told = [`${program}: ${said(headline)}`, ...sentences.map(({ text }) => said(text)), said(counted)];
  return [...told, ...unseen.map(said)].join('\n');
}
