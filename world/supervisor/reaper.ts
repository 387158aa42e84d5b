import { endRecorded } from './end-recorded';
import { exclusively } from '../../scripts/lib/exclusive';
import { readClaim, removeWorld } from './run-dir';

/**
 * A process of its own that outlives its supervisor by a moment. Its standard input is a pipe that only the supervisor holds:
 * end-of-file means that the supervisor is gone, however it went. Then everything recorded is ended and, unless the data are
 * to be kept, removed. After an orderly stop there is nothing left to do.
 *
 * Arguments: the lock of the worlds' folder, the run folder, the supervisor's pid and start time.
 */
async function main(): Promise<void> {
  const [lockFile = '', runDir = '', pid, startTime] = process.argv.slice(2);
  // Ctrl-C and a closing terminal are the supervisor's to handle; this process must outlive it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('close', resolve));

  const reap = async (): Promise<void> => {
    const claim = readClaim(runDir);
    // A new world may have taken the folder meanwhile; its processes are not ours to end.
    if (claim === undefined || String(claim.pid) !== pid || claim.startTime !== startTime) return;
    const { left } = await endRecorded(runDir);
    if (!claim.keep && left.length === 0) removeWorld(runDir, { keepLogs: claim.failed === true });
  };
  let begun = false;
  const once = (): Promise<void> => {
    begun = true;
    return reap();
  };
  await exclusively(lockFile, once).catch(async (error: unknown) => {
    if (begun) throw error;
    // No lock to be had (a full disk): ending processes matters more than its order with another start.
    await reap();
  });
}

main().then(
  () => process.exit(0),
  () => process.exit(1),
);
