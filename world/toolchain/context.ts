import { type ResolveOptions } from './types';

/** `ResolveOptions` with every default filled in. */
export interface ToolContext {
  readonly progress: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

export function toolContext(options: ResolveOptions = {}): ToolContext {
  return { progress: () => undefined, env: process.env, ...withoutUndefined(options) };
}

function withoutUndefined(options: ResolveOptions): ResolveOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
