import type { CaptureInfo, Clock } from '../observations/inputs.js';
import { Model, type ModelOptions, type OperationStats, type Session } from '../model/index.js';
import type { ObservationSink } from '../observations/observation.js';
import {
  type AnalyzeDocument,
  captureEntry,
  type FindingEntry,
  type OperationEntry,
  type SessionEntry,
  type SummaryEntry,
} from '../report/analyze/document.js';
import { type DataValue, type Finding, Instant, severities } from './finding.js';
import { checkSelection, optionValues, type RuleSelection } from './options.js';
import { linked } from './linked.js';
import { neighbours } from './order.js';
import { rules as allRules } from './registry.js';
import type { AnyRule } from './rule.js';
import { causeData } from './support/affected.js';

export interface AnalysisOptions extends RuleSelection {
  readonly model?: ModelOptions;
  /** Other rules than those of the registry. */
  readonly registry?: readonly AnyRule[];
  /** Printed under `tool`. */
  readonly version?: string;
}

const SECOND = 1e9;
/** One gap in fewer messages than this makes a capture one that lost packets. */
const MESSAGES_PER_GAP = 2000;

/**
 * Model and rules over one or more captures: `sink` takes the observations, and after `end` `findings` and `document` are
 * complete.
 */
export class Analysis {
  readonly model: Model;
  /** By severity, then by time; complete after `end`. */
  findings: readonly Finding[] = [];
  private readonly found: Finding[] = [];
  private readonly options: AnalysisOptions;

  /** Throws RuleOptionError if the selection names what does not exist. */
  constructor(options: AnalysisOptions = {}) {
    this.options = options;
    const rules = options.registry ?? allRules;
    checkSelection(rules, options);
    this.model = new Model(options.model);
    // All rules run, also those that are not shown: a consequence names its cause.
    for (const rule of rules) {
      const listener = rule.create({
        model: this.model,
        options: optionValues(rule, options.set) as never,
        findingsOf: (...asked) => this.foundBy(rule, asked),
        report: (reported) => {
          const finding = { rule: rule.meta.name, ...reported };
          this.found.push(finding);
          return finding;
        },
      });
      this.model.addListener(listener);
    }
  }

  /** Where observations go. */
  get sink(): ObservationSink {
    return this.model;
  }

  /** The captures are read; `lastTime` is the time of the last frame (nanoseconds since the base of the Clock). */
  end(lastTime: number): void {
    this.model.end(lastTime);
    this.findings = this.select(linked(this.found, (finding) => this.weighed(finding)));
  }

  /** OUTPUT's analyze document. */
  document(captures: readonly CaptureInfo[], clock: Clock): AnalyzeDocument {
    return {
      schemaVersion: 1,
      tool: { name: 'zkscope', version: this.options.version ?? '0.0.0' },
      captures: captures.map((info) => captureEntry(info, clock)),
      summary: this.summary(),
      sessions: [...this.model.sessions.all()].map((session) => sessionEntry(session, clock)),
      findings: this.findings.map((finding) => findingEntry(finding, clock)),
    };
  }

  private foundBy(asking: AnyRule, asked: readonly AnyRule[]): readonly Finding[] {
    const known = neighbours(asking);
    const stranger = asked.find((rule) => !known.includes(rule));
    if (stranger !== undefined)
      throw new Error(`${asking.meta.name} asks for ${stranger.meta.name}, which it does not name`);
    const names = new Set(asked.map((rule) => rule.meta.name));
    return this.found.filter((finding) => names.has(finding.rule));
  }

  /** Loss never makes proof: where more than a stray packet is missing, nothing is said to be complete. */
  private weighed(finding: Finding): Finding {
    const { messages } = this.model.totals;
    const gaps = this.model.totals.gaps - this.model.foreignGaps;
    const lossy = gaps > 0 && gaps * MESSAGES_PER_GAP >= messages;
    return lossy && finding.confidence === 'proven' ? { ...finding, confidence: 'likely' } : finding;
  }

  private select(found: readonly Finding[]): Finding[] {
    const { rules = [], ignore = [], severity = 'info' } = this.options;
    const least = severities.indexOf(severity);
    const rank = (finding: Finding): number => severities.indexOf(finding.severity);
    return found
      .filter((f) => (rules.length === 0 || rules.includes(f.rule)) && !ignore.includes(f.rule) && rank(f) <= least)
      .sort((a, b) => rank(a) - rank(b) || a.from - b.from);
  }

  private summary(): SummaryEntry {
    const { model } = this;
    const byOp: Record<string, OperationEntry> = {};
    for (const stats of model.operations.list()) byOp[stats.op] = operationEntry(stats);
    const servers = [...model.servers.values()]
      .filter((server) => server.requests + server.responses > 0)
      .map(({ address, connections, sessions, requests, responses }) => {
        return { server: address, connections, sessions, requests, responses };
      });
    const protocols = Object.fromEntries([...model.others.counts].map(([name, counts]) => [name, { ...counts }]));
    return {
      ...model.totals.copy(),
      sessions: model.sessions.count,
      byOp,
      servers,
      forgotten: model.forgotten(),
      protocols,
    };
  }
}

function operationEntry(stats: OperationStats): OperationEntry {
  const { requests, errors, latency } = stats;
  if (latency.count === 0) return { requests, errors };
  const at = (fraction: number): number => Math.round(latency.percentile(fraction)) / SECOND;
  return { requests, errors, latency: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: latency.max / SECOND } };
}

function sessionEntry(session: Session, clock: Clock): SessionEntry {
  let watches = 0;
  for (const view of session.views.values()) {
    if (view.holds('data')) watches++;
    if (view.holds('child')) watches++;
  }
  const entry: SessionEntry = {
    session: session.id,
    client: session.client,
    clients: [...new Set(session.attachments.map((attachment) => attachment.client))],
    servers: [...session.servers],
    connections: session.connectionCount,
    timeout: session.timeout,
    timeoutAsked: session.timeoutAsked,
    from: clock.format(session.start.time),
    to: clock.format(session.lastTime),
    end: session.end,
    startCaptured: session.startKnown,
    requests: session.requests,
    responses: session.responses,
    pings: session.pings,
    notifications: session.notifications,
    watches,
    ephemerals: session.ephemerals.size,
    longestSilence: session.longestSilence / SECOND,
    gaps: session.holes,
  };
  const successor = session.successor?.id;
  if (successor !== undefined && successor !== null) entry.successor = successor;
  return entry;
}

function findingEntry(finding: Finding, clock: Clock): FindingEntry {
  const { rule, severity, confidence, title, message, remedy, from, to, evidence, cause } = finding;
  const { client, server, session, connection, path } = finding;
  const data = cause === undefined ? finding.data : { ...finding.data, cause: causeData(cause) };
  return {
    ...{ rule, severity, confidence, title, message, remedy },
    ...(client === undefined ? {} : { client }),
    ...(server === undefined ? {} : { server }),
    ...(session === undefined ? {} : { session }),
    ...(connection === undefined ? {} : { connection }),
    ...(path === undefined ? {} : { path }),
    from: clock.format(from),
    to: clock.format(to),
    evidence: evidence.map(({ frame, time, text }) => ({ frame, time: clock.format(time), text })),
    data: dataEntry(data, clock) as Record<string, unknown>,
  };
}

function dataEntry(value: DataValue, clock: Clock): unknown {
  if (value instanceof Instant) return clock.format(value.time);
  if (Array.isArray(value)) return (value as readonly DataValue[]).map((item) => dataEntry(item, clock));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dataEntry(item, clock)]));
  }
  return value;
}
