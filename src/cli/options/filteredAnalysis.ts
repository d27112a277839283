import type { Clock } from '../../observations/inputs.js';
import { boundTime, isFiltering, MessageFilter, type FilterOptions } from '../../observations/filter.js';
import { sinkOf, together, type Sink } from '../../observations/forward.js';
import { findingPasses, FrameSet } from '../../report/analyze/filter.js';
import { Analysis } from '../../rules/analysis.js';
import type { Severity } from '../../rules/finding.js';
import { doubtOrder } from '../../rules/support/clockDoubt.js';
import { RuleOptionError } from '../../rules/options.js';
import { filterOptions, type CaptureOptions } from './captureOptions.js';
import { UsageError } from '../usage.js';

/** Options of the commands that judge: which rules, which findings. */
export interface AnalysisCommandOptions extends CaptureOptions {
  readonly rule?: string[];
  readonly ignore?: string[];
  readonly severity?: Severity;
  readonly set?: Record<string, string>;
}

/** Filters that look at messages, beside those that a finding's own fields answer. */
function looksAtMessages({ ops, kinds, errors, not }: FilterOptions): boolean {
  return [ops, kinds, errors, not.ops, not.kinds, not.errors].some((list) => list.length > 0);
}

/** An analysis of everything that a capture holds, of whose findings only those are shown that the filters let pass. */
export class FilteredAnalysis {
  /** To be told of everything that is read. */
  readonly sink: Sink;
  readonly analysis: Analysis;
  /** Findings that the filters kept out; known after `end`. */
  hidden = 0;
  private readonly wanted: FilterOptions;
  private readonly filter: MessageFilter | null;
  private readonly passed: FrameSet | null;

  /** Throws UsageError if a rule or an option is named that does not exist. */
  constructor(
    options: AnalysisCommandOptions,
    private readonly clock: Clock,
  ) {
    this.wanted = filterOptions(options);
    this.filter = looksAtMessages(this.wanted) ? new MessageFilter(this.wanted, clock) : null;
    this.passed = this.filter === null ? null : new FrameSet();
    const { rule = [], ignore = [], set = {}, severity } = options;
    const chosen = severity === undefined ? {} : { severity };
    try {
      this.analysis = new Analysis({ rules: rule, ignore, set, ...chosen });
    } catch (error) {
      if (error instanceof RuleOptionError) throw new UsageError(error.message);
      throw error;
    }
    const { filter, passed, analysis } = this;
    if (filter === null || passed === null) this.sink = analysis.sink;
    else {
      const choosing = sinkOf({
        message: (message, connection) => {
          if (filter.message(message, connection)) passed.add(message.frame);
        },
        gap: (gap, connection) => {
          if (filter.gap(gap, connection)) passed.add(gap.frame);
        },
      });
      this.sink = together([choosing, analysis.sink]);
    }
  }

  /** The captures are read; `lastTime` is the time of the last frame (nanoseconds since the base of the Clock). */
  end(lastTime: number): void {
    const { analysis, wanted, passed, clock } = this;
    analysis.end(lastTime);
    doubtOrder(analysis.findings, clock);
    if (!isFiltering(wanted)) return;
    const all = analysis.findings;
    const from = wanted.from === null ? null : boundTime(wanted.from, clock, true);
    const to = wanted.to === null ? null : boundTime(wanted.to, clock);
    analysis.findings = all.filter((finding) => findingPasses(finding, wanted, from, to, passed));
    this.hidden = all.length - analysis.findings.length;
  }
}
