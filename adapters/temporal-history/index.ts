export { readRuns } from './read-runs';
export { TemporalRunBrake, TemporalRunHistory, type TemporalRunOptions, TemporalRunStatus } from './temporal-runs';
