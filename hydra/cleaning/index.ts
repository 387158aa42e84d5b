export { applyRules } from './apply-rules';
export { type RuleCount, type RuleCountWithin, countRules, countRulesWithin, readEstimates } from './count-rules';
export { countTables, largeRemovals } from './removals';
