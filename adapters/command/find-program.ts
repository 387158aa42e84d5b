import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';

/** @returns why the program cannot be started from `folder`; undefined when it can */
export async function programProblem(program: string, folder: string, path: string): Promise<string | undefined> {
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return `its working directory ${folder} does not exist`;
  const candidates = program.includes('/')
    ? [resolve(folder, program)]
    : path.split(delimiter).map((part) => join(part === '' ? folder : part, program));
  const states = await Promise.all(candidates.map(stateOf));
  if (states.includes('runs')) return undefined;
  if (states.includes('closed')) return `${program} is not executable`;
  return program.includes('/') ? `${program} does not exist` : `${program} is in no folder of PATH`;
}

async function stateOf(file: string): Promise<'runs' | 'closed' | 'absent'> {
  try {
    if (!(await stat(file)).isFile()) return 'absent';
    await access(file, constants.X_OK);
    return 'runs';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? 'closed' : 'absent';
  }
}
