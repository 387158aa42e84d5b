import { errorMessage } from '../../domain/error-message';
import { constants } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CutoverFault } from '../../domain/faults';
import { replaceDurably } from '../../gateway/target/durable-json';
import { type WorldInfo } from './world-info';

/**
 * Writes the world's addresses and credentials for its owner's eyes only; the file appears whole or not at all.
 *
 * @throws CutoverFault CONFIG_INVALID when the folder does not take it
 */
export async function writeReadyFile(file: string, info: WorldInfo): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await replaceDurably(file, `${JSON.stringify(info, null, 2)}\n`);
  } catch (error) {
    throw notWritable(file, error);
  }
}

/**
 * Before anything is started: removes the file of an earlier world, which would name addresses that are gone, and finds out
 * whether the new one can be written.
 *
 * @throws CutoverFault CONFIG_INVALID
 */
export async function prepareReadyFile(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await removeReadyFile(file);
    await access(dirname(file), constants.W_OK);
  } catch (error) {
    throw notWritable(file, error);
  }
}

export async function removeReadyFile(file: string): Promise<void> {
  await rm(file, { force: true });
}

function notWritable(file: string, error: unknown): CutoverFault {
  const said = errorMessage(error);
  return new CutoverFault(
    'CONFIG_INVALID',
    `--ready ${file} cannot be written: ${said}; choose another file`,
    { file },
    error,
  );
}
