import { likePath, type Session } from '../../model/index.js';

/** The different requests with which a session began, made comparable: numbers and unique names are left out. */
function beginning(session: Session): ReadonlySet<string> {
  const found = new Set<string>();
  const { beginning: requests } = session;
  for (let i = 0; i + 1 < requests.length; i += 2) {
    found.add(`${requests[i]!} ${likePath(requests[i + 1]!).replace(/[0-9]+/g, '#')}`);
  }
  return found;
}

/** How far two sessions began with the same requests: 0 (nothing in common, or nothing known) to 1. */
export function likeness(a: Session, b: Session): number {
  const first = beginning(a);
  const second = beginning(b);
  let common = 0;
  for (const request of first) if (second.has(request)) common++;
  return common / Math.max(1, Math.min(first.size, second.size), (first.size + second.size - common) / 2);
}

/**
 * How much of what a session had watched and read another one did as well: 0 to 1. For a session whose beginning is not in
 * the capture; both must not have ended yet.
 */
export function knownAgain(old: Session, next: Session): number {
  if (old.views.size === 0) return 0;
  const paths = new Set([...next.views.keys()].map(likePath));
  let common = 0;
  for (const path of old.views.keys()) if (paths.has(likePath(path))) common++;
  return common / old.views.size;
}
