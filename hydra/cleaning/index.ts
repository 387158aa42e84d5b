export { type AppliedRule, type ApplyOptions, applyRules } from './apply-rules';
export { type CountOptions, type RuleCount, type RuleCountWithin, countRules, countRulesWithin } from './count-rules';
export { type CleaningRuleId, type RuleKind, CLEANING_RULES, CLEANING_RULE_IDS } from './rules';
export { countTables, largeRemovals } from './removals';
