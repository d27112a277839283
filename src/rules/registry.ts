import type { AnyRule } from './rule.js';

/** All rules. Causes come before what they cause: a rule sees what those before it have reported. */
export const rules: readonly AnyRule[] = [];
