export { readRuns } from './read-runs';
export { TemporalRunBrake } from './temporal-run-brake';
export { TemporalRunHistory } from './temporal-run-history';
export { TemporalRunStatus } from './temporal-run-status';
export { type TemporalRunOptions } from './with-client';
