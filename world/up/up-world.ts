import { type Logger } from '../../config/logger';
import { CutoverFault } from '../../domain/faults';
import {
  type ClaimedRunDir,
  type ProcessDeath,
  type Reaper,
  Supervisor,
  claimRunDir,
  dataDir,
  describeExit,
  endRecorded,
  logsDir,
  markFailed,
  removeWorld,
  settingsFile,
  startReaper,
  worldsDir,
} from '../supervisor';
import { type HydraVersion, resolveHydra, resolvePostgres, resolveTemporalCli } from '../toolchain';
import { type WorldInfo } from './world-info';
import { type PartialInfo, type WorldContext, type WorldOptions, type WorldTools, known } from './world-part';
import { WORLD_PARTS } from './world-parts';
import { WorldSettings } from './world-settings';

export interface UpWorldOptions extends WorldOptions {
  readonly logger: Logger;
  /** One line for each step, for a person. @default silent */
  readonly progress?: (line: string) => void;
  /** Gives the start up; everything that runs by then is stopped. */
  readonly signal?: AbortSignal;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/** A world that is up. */
export interface World {
  readonly info: WorldInfo;
  readonly supervisor: Supervisor;
  /** Resolves with the first process that ends by itself; never while all live, nor after `down`. */
  readonly died: Promise<ProcessDeath>;
  /**
   * Stops everything in reverse order and removes the data, unless they are to be kept. Idempotent.
   * @param failed keeps the logs, which hold the reason
   */
  down(failed?: boolean): Promise<void>;
  /** Kills everything at once; the reaper cleans up. The caller ends its process. */
  kill(): void;
}

/**
 * Brings the local world up, part by part. On failure nothing of it is left but the logs.
 *
 * @throws CutoverFault of the part that failed | PROCESS_DIED when one that was ready ended meanwhile; the signal's reason
 */
export async function upWorld(options: UpWorldOptions): Promise<World> {
  const progress = options.progress ?? (() => undefined);
  const tools = await resolveTools(options, progress);
  const worlds = worldsDir(options.env);
  const claimed = await claimRunDir({
    worlds,
    keep: options.keep,
    ...(options.dir === undefined ? {} : { dir: options.dir }),
    onWait: (pid) => progress(`waiting for process ${pid}, which cleans up or starts another world ...`),
  });
  tellSwept(claimed, progress);
  const reaper = startReaper({ worlds, runDir: claimed.runDir, logger: options.logger });
  const supervisor = new Supervisor({ runDir: claimed.runDir, logger: options.logger });
  const died = new Promise<ProcessDeath>((resolve) => supervisor.onDeath(resolve));
  const down = onceOnly((failed: boolean) => takeDown(claimed, supervisor, reaper, failed));
  const starting = startParts(options, claimed, tools, supervisor, died, progress);
  try {
    const parts = await starting;
    const info = completeInfo(parts, claimed, reaper);
    return { info, supervisor, died, down: (failed = false) => down(failed), kill: () => supervisor.killAll() };
  } catch (error) {
    const interrupted = options.signal?.aborted === true;
    await down(!interrupted);
    if (!interrupted) progress(`the world is down again; its logs: ${logsDir(claimed.runDir)}`);
    throw error;
  }
}

/** The fault that a death amounts to, with the last log lines. */
export function deathFault(death: ProcessDeath): CutoverFault {
  const { name, pid, logFile, lastLines } = death;
  const log =
    lastLines.length === 0 ? 'its log is empty' : `its last lines:\n${lastLines.map((l) => `  | ${l}`).join('\n')}`;
  return new CutoverFault(
    'PROCESS_DIED',
    `${name} (process ${pid}) ended by itself with ${describeExit(death)}; the world goes down. Log ${logFile}, ${log}`,
    { process: name, logFile, exit: describeExit(death) },
  );
}

/** Before anything is claimed: the first time this downloads and compiles for minutes. */
async function resolveTools(options: UpWorldOptions, progress: (line: string) => void): Promise<WorldTools> {
  const { signal, env } = options;
  const how = { progress, ...(signal === undefined ? {} : { signal }), ...(env === undefined ? {} : { env }) };
  await resolvePostgres(options.postgresMajor ?? 15, how);
  const tool = async (version: HydraVersion) => ({ version, binary: await resolveHydra(version, how) });
  const hydra = { blue: await tool(options.from ?? '1.11.10'), green: await tool(options.to ?? '2.3.0') };
  const older = options.inPlace === true ? { olderHydra: await resolveHydra('1.3.2', how) } : {};
  return { hydra, ...older, temporal: await resolveTemporalCli(how) };
}

async function startParts(
  options: UpWorldOptions,
  claimed: ClaimedRunDir,
  tools: WorldTools,
  supervisor: Supervisor,
  died: Promise<ProcessDeath>,
  progress: (line: string) => void,
): Promise<PartialInfo> {
  const { runDir, keep } = claimed;
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
  const context: WorldContext = {
    runDir,
    dataDir: dataDir(runDir),
    keep,
    options,
    tools,
    settings: new WorldSettings(settingsFile(runDir)),
    supervisor,
    logger: options.logger,
    signal,
  };
  void died.then((death) => stop.abort(deathFault(death)));
  const aborted = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { once: true });
  });
  // Nobody waits for it once all parts are up.
  aborted.catch(() => undefined);
  const info: PartialInfo = {};
  for (const parts of WORLD_PARTS) {
    progress(`starting ${parts.map((part) => part.title).join(', ')} ...`);
    const settled = Promise.allSettled(parts.map((part) => part.up(context, info)));
    const results = await Promise.race([settled, aborted]).catch(async (error: unknown) => {
      // What is half started must be over before it is stopped.
      await supervisor.stopAll();
      await settled;
      throw error;
    });
    for (const result of results) {
      if (result.status === 'rejected') throw result.reason;
      Object.assign(info, result.value);
    }
  }
  return info;
}

function completeInfo(parts: PartialInfo, claimed: ClaimedRunDir, reaper: Reaper): WorldInfo {
  return {
    schemaVersion: 1,
    runDir: claimed.runDir,
    logsDir: logsDir(claimed.runDir),
    startedAt: new Date().toISOString(),
    supervisorPid: process.pid,
    reaperPid: reaper.pid ?? 0,
    keep: claimed.keep,
    rds: known(parts, 'rds'),
    blue: known(parts, 'blue'),
    temporal: known(parts, 'temporal'),
    gateway: known(parts, 'gateway'),
    loginApp: known(parts, 'loginApp'),
    policyService: known(parts, 'policyService'),
    resourceApi: known(parts, 'resourceApi'),
    oauth: known(parts, 'oauth'),
    client: known(parts, 'client'),
    cutover: known(parts, 'cutover'),
  };
}

async function takeDown(
  claimed: ClaimedRunDir,
  supervisor: Supervisor,
  reaper: Reaper,
  failed: boolean,
): Promise<void> {
  const { runDir, keep } = claimed;
  await supervisor.stopAll();
  // Children of a program that died: the postmasters of a killed RDS endpoint.
  await endRecorded(runDir);
  if (failed) markFailed(runDir);
  if (!keep) removeWorld(runDir, { keepLogs: failed });
  await reaper.close();
}

function tellSwept(claimed: ClaimedRunDir, progress: (line: string) => void): void {
  for (const { runDir, ended, left } of claimed.swept) {
    if (ended.length > 0) progress(`ended what a killed world left in ${runDir}: ${ended.join(', ')}`);
    if (left.length > 0) progress(`could not end ${left.join(', ')} of ${runDir}; end them by hand`);
  }
}

function onceOnly(work: (failed: boolean) => Promise<void>): (failed: boolean) => Promise<void> {
  let running: Promise<void> | undefined;
  return (failed) => (running ??= work(failed));
}
