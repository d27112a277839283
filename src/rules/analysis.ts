import { Model, type ModelListener, type ModelOptions } from '../model/index.js';
import type { ObservationSink } from '../observations/observation.js';
import { type Finding, severities } from './finding.js';
import { checkSelection, optionValues, type RuleSelection } from './options.js';
import { linked } from './linked.js';
import { neighbours } from './order.js';
import { rules as allRules } from './registry.js';
import type { AnyRule } from './rule.js';

export interface AnalysisOptions extends RuleSelection {
  readonly model?: ModelOptions;
  /** Other rules than those of the registry. */
  readonly registry?: readonly AnyRule[];
}

/** One gap in fewer messages than this makes a capture one that lost packets. */
const MESSAGES_PER_GAP = 2000;

/**
 * Model and rules over one or more captures: `sink` takes the observations, and after `end` `findings` are complete.
 */
export class Analysis {
  readonly model: Model;
  /** By severity, then by time; complete after `end`. */
  findings: readonly Finding[] = [];
  private found: Finding[] = [];
  /** Of the rules that can be asked again and again. */
  private readonly listeners: ModelListener[] = [];
  private readonly options: AnalysisOptions;
  private readonly places = new Map<Finding, number>();

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
        notKept: () => {
          this.model.casesNotKept++;
        },
        report: (reported) => {
          const finding = { rule: rule.meta.name, ...reported };
          this.found.push(finding);
          return finding;
        },
      });
      if (rule.endsOnce !== true) this.listeners.push(listener);
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
    const all = this.judged();
    for (const [place, finding] of all.entries()) this.places.set(finding, place + 1);
    this.findings = this.select(all);
  }

  /**
   * What the rules would say if the capture ended with the latest frame, by severity, then by time; what is still open
   * (sessions that live on) they leave alone, and rules that end once say nothing. It changes nothing.
   */
  soFar(): readonly Finding[] {
    const { found, model } = this;
    const { casesNotKept } = model;
    this.found = [...found];
    try {
      for (const listener of this.listeners) listener.end?.(model.lastTime);
      return this.select(this.judged());
    } finally {
      this.found = found;
      model.casesNotKept = casesNotKept;
    }
  }

  private judged(): Finding[] {
    return linked(this.found, (finding) => this.weighed(finding)).sort((a, b) => rank(a) - rank(b) || a.from - b.from);
  }

  /** Number of a finding among all of this analysis, by severity and time, from 1: also of those that are not shown. */
  numberOf(finding: Finding): number {
    return this.places.get(finding) ?? 0;
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
    return found.filter(
      (f) => (rules.length === 0 || rules.includes(f.rule)) && !ignore.includes(f.rule) && rank(f) <= least,
    );
  }
}

function rank({ severity }: Finding): number {
  return severities.indexOf(severity);
}
