export { type TemporalProcessOptions, temporalProcess } from './temporal-process';
