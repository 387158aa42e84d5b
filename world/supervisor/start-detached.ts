import { join } from 'node:path';
import { CutoverFault } from '../../domain/faults';
import { isBroken } from './parts-board';
import { isRecordedProcessAlive, readRecords } from './process-record';
import { type ProcessSpec } from './process-spec';
import { logsDir } from './run-dir';
import { killGroup } from './signal-process';
import { spawnRecorded } from './spawn-recorded';
import { waitUntilReady } from './wait-until-ready';

/**
 * Starts a process that outlives its starter and belongs to the world in `runDir`: whoever ends the world ends it too. Returns
 * once it is ready; one of this name that runs already is waited for instead.
 *
 * @throws CutoverFault PROCESS_DIED | PROCESS_NOT_READY | CHECK_FAILED when it is to stay away, and nothing of it is left
 */
export async function startDetached(spec: ProcessSpec, runDir: string): Promise<void> {
  if (isBroken(runDir, spec.name)) {
    throw new CutoverFault('CHECK_FAILED', `${spec.name} is to stay away until \`world mend ${spec.name}\``);
  }
  const logFile = join(logsDir(runDir), `${spec.name}.log`);
  const before = readRecords(runDir).find((record) => record.name === spec.name);
  if (before !== undefined && isRecordedProcessAlive(before)) {
    await waitUntilReady(spec, logFile, new Promise(() => undefined));
    return;
  }
  const { exited } = await spawnRecorded(spec, runDir, logFile);
  try {
    await waitUntilReady(spec, logFile, exited);
  } catch (error) {
    const record = readRecords(runDir).find((candidate) => candidate.name === spec.name);
    if (record !== undefined) killGroup(record);
    await exited;
    throw error;
  }
}
