import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { FindingEntry } from '../report/analyze/document.js';
import type { Severity } from '../rules/finding.js';

/** What a truth file beside a capture expects, forbids or allows. */
export interface Claim {
  readonly rule?: string | null;
  readonly client?: string | null;
  readonly session?: string | null;
  readonly path?: string | null;
  /** Null or absent: any. */
  readonly severity?: Severity | null;
}

export interface Truth {
  readonly name: string;
  /** Path of the capture under fixtures. */
  readonly capture: string;
  readonly expect: readonly Claim[];
  readonly mustNotFlag: readonly Claim[];
  readonly mayFlag: readonly Claim[];
}

/** Every capture of a folder under fixtures that has a truth file. */
export function truths(folder: string): Truth[] {
  const root = new URL(`../../fixtures/${folder}/`, import.meta.url);
  const found: Truth[] = [];
  for (const file of readdirSync(root).filter((name) => name.endsWith('.truth.json'))) {
    const name = file.slice(0, -'.truth.json'.length);
    const capture = ['.pcap', '.pcapng', '.pcap.gz'].find((ending) => existsSync(new URL(name + ending, root)));
    if (capture === undefined) continue;
    const truth = JSON.parse(readFileSync(new URL(file, root), 'utf8')) as Partial<Truth>;
    const { expect = [], mustNotFlag = [], mayFlag = [] } = truth;
    found.push({ name, capture: `${folder}/${name}${capture}`, expect, mustNotFlag, mayFlag });
  }
  return found;
}

const host = (address: string): string => address.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1');

/** The finding names what the claim names, anywhere in it. */
export function matches(claim: Claim, finding: FindingEntry): boolean {
  const text = JSON.stringify(finding);
  if (claim.rule != null && claim.rule !== '*' && claim.rule !== finding.rule) return false;
  if (claim.client != null && claim.client !== '*' && !text.includes(host(claim.client))) return false;
  if (claim.session != null && !text.includes(claim.session)) return false;
  return claim.path == null || text.includes(`"${claim.path}"`) || finding.message.includes(claim.path);
}

/** What is missing, of another severity, forbidden or neither expected nor allowed: one line each. */
export function judge(truth: Truth, findings: readonly FindingEntry[]): string[] {
  const faults: string[] = [];
  const show = (claim: Claim): string =>
    [claim.rule, claim.client, claim.session, claim.path].filter((x) => x != null).join(' ');
  for (const claim of truth.expect) {
    const hits = findings.filter((finding) => matches(claim, finding));
    if (hits.length === 0) faults.push(`missed ${show(claim)}`);
    else if (claim.severity != null && !hits.some((finding) => finding.severity === claim.severity)) {
      faults.push(`severity of ${show(claim)}: ${claim.severity}, not ${hits[0]!.severity}`);
    }
  }
  const allowed = [...truth.expect, ...truth.mayFlag];
  for (const finding of findings.filter(({ severity }) => severity !== 'info')) {
    const excused = allowed.some((claim) => matches(claim, finding));
    const forbidden = truth.mustNotFlag.some(
      (claim) => matches(claim, finding) && !(excused && (claim.rule ?? '*') === '*'),
    );
    if (forbidden) faults.push(`forbidden ${finding.rule} ${finding.message}`);
    else if (!excused && !allowed.some((claim) => claim.rule === finding.rule)) {
      faults.push(`unexpected ${finding.rule} ${finding.message}`);
    }
  }
  return faults;
}
