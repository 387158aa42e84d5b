import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');

/** How to run a TypeScript program of this project as a process of its own. */
export interface TypescriptCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** To be added to the program's environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param file path below the project's root, for example `world/rds/main.ts` */
export function typescriptCommand(file: string, args: readonly string[] = []): TypescriptCommand {
  return {
    command: process.execPath,
    args: ['--require', require.resolve('tsx/cjs'), join(ROOT, file), ...args],
    env: { TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
  };
}
