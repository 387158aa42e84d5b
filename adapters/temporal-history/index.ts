export { readRuns } from './read-runs';
export { TemporalRunHistory, type TemporalRunHistoryOptions } from './temporal-run-history';
export { TemporalRunBrake } from './temporal-run-brake';
