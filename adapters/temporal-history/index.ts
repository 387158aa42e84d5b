export { readRuns } from './read-runs';
export { TemporalRunHistory, type TemporalRunHistoryOptions } from './temporal-run-history';
