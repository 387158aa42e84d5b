import { resolve } from 'node:path';
import { createLogger, type LogLevel } from '../../config/logger';
import { asCutoverFault } from '../../domain/faults';
import {
  type UpWorldOptions,
  type World,
  deathFault,
  prepareReadyFile,
  removeReadyFile,
  upWorld,
  writeReadyFile,
} from '../up';
import { renderWorld } from './render-world';
import { type EndSignals, watchEndSignals } from './end-signals';

export interface RunWorldOptions {
  /** Written once a full authorization-code grant went through. */
  readonly ready?: string;
  readonly keep: boolean;
  readonly dir?: string;
  /** Prints what `ready` holds on stdout instead of the readable form. */
  readonly json: boolean;
  readonly postgresMajor?: 15 | 18;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  /** Of the log on stderr. @default warn */
  readonly logLevel?: LogLevel;
}

/**
 * Brings the world up and stays until it is told to end or one of its processes dies.
 *
 * @returns 0 after SIGTERM or SIGHUP, 130 after Ctrl-C, both when everything is down
 * @throws CutoverFault of a part that did not come up (nothing runs then) | PROCESS_DIED (the world is down by then)
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
  let failed = true;
  try {
    if (readyFile !== undefined) await writeReadyFile(readyFile, world.info);
    process.stdout.write(options.json ? `${JSON.stringify(world.info)}\n` : renderWorld(world.info, readyFile));
    const death = await Promise.race([world.died, signals.happened]);
    if (death !== undefined) throw deathFault(death);
    failed = false;
    say('\nstopping the world ...\n');
  } finally {
    await takeDown(world, failed, readyFile);
  }
  if (world.info.keep) say(`data kept; go on from them with --dir ${world.info.runDir}\n`);
  return signals.exitCode();
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
