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

/** Words of the user's, separated by commas: addresses to leave out, names. */
export interface ListOption {
  readonly type: 'list';
  /** Separated by commas; empty for none. */
  readonly default: string;
  readonly description: string;
}

export type RuleOption = NumberOption | BooleanOption | ListOption;

export type OptionValues<O extends Record<string, RuleOption>> = {
  readonly [K in keyof O]: O[K] extends NumberOption ? number : O[K] extends ListOption ? readonly string[] : boolean;
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
  /** Reports one incident and gives it back, so that others can name it. */
  readonly report: (finding: Omit<Finding, 'rule'>) => Finding;
  /** Something that the rule would have looked at is beyond what it keeps: so many are told as forgotten. */
  readonly notKept: () => void;
  /**
   * What these rules have reported, in the order in which they did. Each must stand among `causes` or `consequences` of the
   * rule that asks: then its `end` has run before. Throws for any other rule. A rule that does not run has found nothing.
   */
  readonly findingsOf: (...rules: readonly AnyRule[]) => readonly Finding[];
}

/**
 * How rules know each other: by reference, never by name.
 *
 *     export const pingUnanswered = defineRule({
 *       causes: [serverStall, halfOpenConnection],
 *       create({ findingsOf, report }) {
 *         …
 *         const cause = findingOn(findingsOf(serverStall), (e) => e.client === client);
 *         report({ …, cause });
 *
 * Both lists also make the order in which rules run (registry.ts): those that are named here come first. A link is told at
 * one of its ends, whichever knows of the other: `cause` of the consequence, or `consequences` of the cause. From the links
 * the findings of one event become one incident.
 */
export interface Neighbours {
  /** Rules whose findings may explain one of this rule, or that make it needless. */
  readonly causes?: readonly AnyRule[];
  /** Rules whose findings one of this rule may explain, and that it has to know before it can judge. */
  readonly consequences?: readonly AnyRule[];
}

/** A rule: its documentation, its options, and what makes findings of model events. It knows nothing of packets. */
export interface Rule<O extends Record<string, RuleOption> = Record<string, RuleOption>> extends Neighbours {
  readonly meta: RuleMeta<O>;
  /** The `end` of its listener changes what it keeps, so that it can be called once only: it says nothing before that. */
  readonly endsOnce?: true;
  /** Its clients speak something that `follow` does not show, or may: etcd, TLS without its keys. */
  readonly unfollowed?: true;
  /** Called once for each analysis. `end` of the listener is called in the order of the registry. */
  create(context: RuleContext<O>): ModelListener;
}

/** A rule as the registry holds it, whatever its options are. */
export interface AnyRule extends Neighbours {
  readonly meta: RuleMeta;
  readonly endsOnce?: true;
  readonly unfollowed?: true;
  create(context: RuleContext<Record<string, RuleOption>>): ModelListener;
}

/** Keeps the types of a rule's options. */
export function defineRule<const O extends Record<string, RuleOption>>(rule: Rule<O>): AnyRule {
  return rule;
}
