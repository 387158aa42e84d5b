export { type ClaimedRunDir, type ClaimOptions, claimRunDir } from './claim-run-dir';
export { breakPart, mendPart } from './break-part';
export { cleanEnvironment } from './clean-environment';
export { endRecorded } from './end-recorded';
export { findWorld } from './find-world';
export { type Keeper, keepUp } from './keep-up';
export { describeLog, lastLogLines } from './log-tail';
export {
  type ProcessRecord,
  type RecordOptions,
  announceEnd,
  forgetProcess,
  isRecordedProcessAlive,
  readJson,
  readRecords,
  recordProcess,
  writeAtomically,
} from './process-record';
export { endProcess } from './end-process';
export { startDetached } from './start-detached';
export {
  type ProcessDeath,
  type ProcessExit,
  type ProcessSpec,
  type RunningProcess,
  describeExit,
} from './process-spec';
export { dataDir, logsDir, markFailed, removeWorld, settingsFile } from './run-dir';
export { type Reaper, startReaper } from './start-reaper';
export { Supervisor, type SupervisorOptions } from './supervisor';
export { type SweptWorld, sweep } from './sweep';
export { type TypescriptCommand, typescriptCommand } from './typescript-command';
export { worldsDir } from './worlds-dir';
