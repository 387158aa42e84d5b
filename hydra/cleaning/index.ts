export { type AppliedRule, type ApplyOptions, applyRules } from './apply-rules';
export { type CountOptions, type RuleCount, type RuleCountWithin, countRules, countRulesWithin } from './count-rules';
export { countTables, largeRemovals } from './removals';
