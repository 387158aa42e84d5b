export { readRuns } from './read-runs';
export { TemporalRunHistory, type TemporalRunHistoryOptions } from './temporal-run-history';
export { TemporalRunStatus } from './temporal-run-status';
export { TemporalRunBrake } from './temporal-run-brake';
