import type { Model, ModelListener } from '../model/index.js';
import type { Finding } from './finding.js';

/** A number (with its unit) or a switch that a user may set by `rule.option=value`. */
export interface NumberOption {
  readonly type: 'number';
  readonly default: number;
  readonly min?: number;
  readonly max?: number;
  /** `seconds`, `bytes`, `per second`, `sessions` … */
  readonly unit: string;
  readonly description: string;
}

export interface BooleanOption {
  readonly type: 'boolean';
  readonly default: boolean;
  readonly description: string;
}

export type RuleOption = NumberOption | BooleanOption;

export type OptionValues<O extends Record<string, RuleOption>> = {
  readonly [K in keyof O]: O[K] extends NumberOption ? number : boolean;
};

/** The page of `zkscope rules NAME`. */
export interface RuleDocumentation {
  /** What it means. */
  readonly meaning: string;
  /** What on the wire proves it. */
  readonly proof: string;
  /** What looks like it but is not. */
  readonly lookalikes: string;
  /** What to do about it. */
  readonly remedy: string;
}

export interface RuleMeta<O extends Record<string, RuleOption> = Record<string, RuleOption>> {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly documentation: RuleDocumentation;
  readonly options: O;
}

export interface RuleContext<O extends Record<string, RuleOption>> {
  readonly model: Model;
  readonly options: OptionValues<O>;
  readonly report: (finding: Omit<Finding, 'rule'>) => void;
  /** What this and the rules before it have reported; rules come in the order of registry.ts, causes first. */
  readonly findings: readonly Finding[];
}

/** A rule: its documentation, its options, and what makes findings of model events. It knows nothing of packets. */
export interface Rule<O extends Record<string, RuleOption> = Record<string, RuleOption>> {
  readonly meta: RuleMeta<O>;
  /** Called once for each analysis. `end` of the listener is called in the order of the registry. */
  create(context: RuleContext<O>): ModelListener;
}

/** A rule as the registry holds it, whatever its options are. */
export interface AnyRule {
  readonly meta: RuleMeta;
  create(context: RuleContext<Record<string, RuleOption>>): ModelListener;
}

/** Keeps the types of a rule's options. */
export function defineRule<const O extends Record<string, RuleOption>>(rule: Rule<O>): AnyRule {
  return rule;
}
