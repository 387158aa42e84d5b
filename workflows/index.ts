/** What a worker runs: every function exported here is a workflow type. */
export { upgradeHydra } from './upgrade-hydra';
export { upgradeInPlace } from './in-place/upgrade-in-place';
export { rehearseOnSchedule } from './phases/rehearse-on-schedule';
