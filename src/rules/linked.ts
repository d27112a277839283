import type { Finding } from './finding.js';

/** Nanoseconds: a server that is gone is seen to refuse connections only when the next one is tried. */
const SEEN_LATER = 5e9;

/**
 * The findings as `changed` makes them, with all links told at the end of the consequence: `cause` is that of the result,
 * `consequences` are gone. What begins long after something has ended did not cause it. What names itself as its cause, over whatever detour, keeps the link of whoever came first.
 */
export function linked(found: readonly Finding[], changed: (finding: Finding) => Finding): Finding[] {
  const causes = new Map<Finding, Finding>();
  const link = (consequence: Finding, cause: Finding): void => {
    if (causes.has(consequence) || cause.from > consequence.to + SEEN_LATER) return;
    for (let f: Finding | undefined = cause; f !== undefined; f = causes.get(f)) if (f === consequence) return;
    causes.set(consequence, cause);
  };
  for (const finding of found) {
    if (finding.cause !== undefined) link(finding, finding.cause);
    for (const consequence of finding.consequences ?? []) link(consequence, finding);
  }
  const results = new Map<Finding, Finding>();
  const result = (finding: Finding): Finding => {
    const known = results.get(finding);
    if (known !== undefined) return known;
    const cause = causes.get(finding);
    const made: Finding = {
      ...changed(finding),
      cause: cause === undefined ? undefined : result(cause),
      consequences: undefined,
    };
    results.set(finding, made);
    return made;
  };
  return found.map(result);
}
