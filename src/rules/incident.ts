import { hostOf } from '../observations/filterPatterns.js';
import { type Finding, type Severity, severities } from './finding.js';
import { affectedOf } from './support/affected.js';
import { rules } from './registry.js';

const unfollowed: ReadonlySet<string> = new Set(rules.filter((rule) => rule.unfollowed).map(({ meta }) => meta.name));

/** What is run next to look at an incident: a command of zkscope and its argument; the captures come after them. */
export interface Next {
  readonly command: 'follow' | 'path' | 'rules';
  readonly argument: string;
}

/** Findings that one event explains. */
export interface Incident {
  /** The worst of its findings. */
  readonly severity: Severity;
  /** The cause first, then what followed, in order of time. */
  readonly findings: readonly Finding[];
  /** Addresses of the clients that were hit (of the servers, where no client is named), those of the cause first. */
  readonly hosts: readonly string[];
  readonly from: number;
  readonly to: number;
  /** What was never put right, as far as the capture goes. */
  readonly unrepaired: readonly string[];
  readonly next: Next;
}

/**
 * One story for each event: the findings that lead to the same cause, over whatever detour. The worst come first, then by
 * time. A cause that is not among the findings (it was filtered out) still holds together what it explains.
 */
export function incidentsOf(findings: readonly Finding[]): Incident[] {
  const groups = new Map<Finding, Finding[]>();
  for (const finding of findings) {
    const root = rootOf(finding);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [finding]);
    else group.push(finding);
  }
  const rank = (severity: Severity): number => severities.indexOf(severity);
  return [...groups]
    .map(([root, group]) => incident(root, group))
    .sort((a, b) => rank(a.severity) - rank(b.severity) || a.from - b.from);
}

function rootOf(finding: Finding): Finding {
  let root = finding;
  while (root.cause !== undefined) root = root.cause;
  return root;
}

function incident(root: Finding, group: readonly Finding[]): Incident {
  const findings = [...group].sort((a, b) => depth(a) - depth(b) || a.from - b.from);
  const first = findings[0]!;
  const ordered = [first, ...findings.slice(1).sort((a, b) => a.from - b.from)];
  const hosts = [...new Set([root, ...ordered].flatMap(clientsOf))];
  const servers = ordered.flatMap(({ server }) => (server === undefined ? [] : [server]));
  const worst = [...ordered].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  return {
    severity: worst[0]!.severity,
    findings: ordered,
    hosts: hosts.length > 0 ? hosts : [...new Set(servers)],
    from: Math.min(...ordered.map(({ from }) => from)),
    to: Math.max(...ordered.map(({ to }) => to)),
    unrepaired: [...new Set(ordered.flatMap(({ unrepaired }) => (unrepaired === undefined ? [] : [unrepaired])))],
    next: nextOf(worst),
  };
}

/** How many causes a finding has above it. */
function depth({ cause }: Finding): number {
  return cause === undefined ? 0 : 1 + depth(cause);
}

function clientsOf(finding: Finding): string[] {
  // What a lease or a server suffers names no client.
  const named = affectedOf(finding).map(({ client }) => client as string | undefined);
  const clients = named.filter((client) => client !== undefined).map(hostOf);
  if (clients.length > 0 || finding.client === undefined) return clients;
  return [hostOf(finding.client)];
}

/**
 * The worst finding that names a session, or a path; then one that names a client of ZooKeeper. Where none does, the rule's
 * page says more.
 */
function nextOf(worst: readonly Finding[]): Next {
  for (const finding of worst) {
    const session =
      finding.session ?? affectedOf(finding).find((entry) => typeof entry.session === 'string')?.session ?? null;
    if (session !== null) return { command: 'follow', argument: session };
    const path = finding.path ?? affectedOf(finding).find((entry) => entry.path !== undefined)?.path;
    if (path !== undefined) return { command: 'path', argument: path };
  }
  for (const finding of worst) {
    const [client] = unfollowed.has(finding.rule) ? [] : clientsOf(finding);
    if (client !== undefined) return { command: 'follow', argument: client };
  }
  return { command: 'rules', argument: worst[0]!.rule };
}
