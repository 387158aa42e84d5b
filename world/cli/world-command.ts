import { resolve } from 'node:path';
import { createLogger, type LogLevel } from '../../config/logger';
import { asCutoverFault } from '../../domain/faults';
import { type PostgresMajor } from '../../domain/postgres-majors';
import { type UpWorldOptions, type World, prepareReadyFile, removeReadyFile, upWorld, writeReadyFile } from '../up';
import { breakPart, findWorld, keepUp, mendPart, worldsDir } from '../supervisor';
import { renderWorld } from './render-world';
import { type EndSignals, watchEndSignals } from './end-signals';

export interface RunWorldOptions {
  /** Written once a full authorization-code grant went through. */
  readonly ready?: string;
  readonly keep: boolean;
  readonly dir?: string;
  /** Prints what `ready` holds on stdout instead of the readable form. */
  readonly json: boolean;
  readonly postgresMajor?: PostgresMajor;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  /** Of the log on stderr. @default warn */
  readonly logLevel?: LogLevel;
}

/**
 * Brings the world up and stays until it is told to end. What dies meanwhile is started again.
 *
 * @returns 0 after SIGTERM or SIGHUP, 130 after Ctrl-C, both when everything is down
 * @throws CutoverFault of a part that did not come up (nothing runs then)
 */
export async function runWorld(options: RunWorldOptions): Promise<number> {
  const signals = watchEndSignals();
  try {
    return await bringUpAndStay(options, signals);
  } catch (error) {
    // What failed because the start was given up is no news.
    if (signals.ended.aborted) return signals.exitCode();
    throw error;
  } finally {
    signals.release();
  }
}

async function bringUpAndStay(options: RunWorldOptions, signals: EndSignals): Promise<number> {
  const readyFile = options.ready === undefined ? undefined : resolve(options.ready);
  if (readyFile !== undefined) await prepareReadyFile(readyFile);
  const world = await upWorld(toUpOptions(options, signals));
  signals.onSecond(() => world.kill());
  const keeper = keepUp({ supervisor: world.supervisor, say: (line) => say(`${line}\n`) });
  let failed = true;
  try {
    if (readyFile !== undefined) await writeReadyFile(readyFile, world.info);
    process.stdout.write(options.json ? `${JSON.stringify(world.info)}\n` : renderWorld(world.info, readyFile));
    await signals.happened;
    failed = false;
    say('\nstopping the world ...\n');
  } finally {
    keeper.close();
    await takeDown(world, failed, readyFile);
  }
  if (world.info.keep) say(`data kept; go on from them with --dir ${world.info.runDir}\n`);
  return signals.exitCode();
}

export interface ChangePartOptions {
  readonly action: 'break' | 'mend';
  readonly name: string;
  /** Of the world. @default the one that was started last */
  readonly dir?: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Breaks or mends a part of a world that another process runs.
 *
 * @returns what is so afterwards
 * @throws CutoverFault CHECK_FAILED (no world is up) | USAGE (no such part) | PROCESS_NOT_READY
 */
export async function changePart(
  options: ChangePartOptions,
): Promise<{ readonly runDir: string; readonly changed: boolean }> {
  const { action, name, dir, env } = options;
  const runDir = findWorld({ worlds: worldsDir(env), ...(dir === undefined ? {} : { dir }) });
  const changed = await (action === 'break' ? breakPart(runDir, name) : mendPart(runDir, name));
  return { runDir, changed };
}

async function takeDown(world: World, failed: boolean, readyFile: string | undefined): Promise<void> {
  if (readyFile !== undefined) await removeReadyFile(readyFile).catch(() => undefined);
  try {
    await world.down(failed);
  } catch (error) {
    say(`the world did not go down cleanly: ${asCutoverFault(error).message}\n`);
    world.kill();
  }
  if (failed) say(`logs: ${world.info.logsDir}\n`);
}

function toUpOptions(options: RunWorldOptions, signals: EndSignals): UpWorldOptions {
  const { keep, dir, postgresMajor, temporalPort, uiPort } = options;
  return {
    keep,
    ...(dir === undefined ? {} : { dir }),
    ...(postgresMajor === undefined ? {} : { postgresMajor }),
    ...(temporalPort === undefined ? {} : { temporalPort }),
    ...(uiPort === undefined ? {} : { uiPort }),
    logger: createLogger({ level: options.logLevel ?? 'warn', bindings: { process: 'world' } }),
    progress: (line) => say(`${line}\n`),
    signal: signals.ended,
  };
}

/** stdout is for the result. */
function say(text: string): void {
  process.stderr.write(text);
}
