import { dirname, resolve } from 'node:path';
import { type CutoverFault } from '../domain/faults';
import { crossCheck } from './cross-checks';
import { explainIssue } from './explain';
import { applyOverrides, overrideAt, type Origin, type Override } from './origins';
import { environmentOverrides, flagOverrides } from './overrides';
import { formatPath, problemsFault, type ConfigProblem } from './problems';
import { readText } from './read-text';
import { resolveTree, type TreeProblem } from './resolve-tree';
import { configSchema, type Config } from './schema';
import { Secret } from './secret';
import { parseYamlTree, type YamlTree } from './yaml-tree';

/** Far more than a config with a hundred gateways needs. */
export const CONFIG_FILE_BYTES_MAX = 256 * 1024;

const NO_FILE: ConfigProblem = {
  path: '',
  at: 'config file',
  what: 'none is named',
  fix: 'name it with --config FILE or the variable HYDRA_CUTOVER_CONFIG',
};

export interface LoadOptions {
  /** YAML or JSON. Without it everything comes from the environment and flags. */
  readonly file?: string;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** `path=value`, as `--set` takes them; they win over everything else. */
  readonly set?: readonly string[];
  /** Where relative paths start that do not stand in the file. @default process.cwd() */
  readonly cwd?: string;
  /**
   * Leaves secrets unread, for what needs none; they need not be there. `all but Temporal's`: for what talks to Temporal alone.
   * @default false
   */
  readonly unreadSecrets?: boolean | "all but Temporal's";
}

export type Inspection =
  { readonly config: Config } | { readonly fault: CutoverFault; readonly problems: readonly ConfigProblem[] };

/**
 * Loads the config: flag > environment > file > default, references resolved, deeply frozen.
 *
 * @throws CutoverFault CONFIG_UNREADABLE when the file is missing, not text or not YAML; CONFIG_INVALID for everything
 * else. Either way one fault lists all problems that could be found.
 */
export function loadConfig(options: LoadOptions): Config {
  const inspection = inspectConfig(options);
  if ('fault' in inspection) throw inspection.fault;
  return inspection.config;
}

/** As {@link loadConfig}, with the problems as data instead of an exception. */
export function inspectConfig(options: LoadOptions): Inspection {
  const env = options.env ?? process.env;
  const cwd = options.cwd ?? process.cwd();
  const fromEnvironment = environmentOverrides(env);
  const fromFlags = flagOverrides(options.set ?? []);
  const overrides = [...fromEnvironment.overrides, ...fromFlags.overrides];
  const early = [...fromEnvironment.problems, ...fromFlags.problems];

  const path = options.file === undefined ? undefined : resolve(cwd, options.file);
  const source = readSource(path, options.file);
  if (source.broken) {
    const problems = [...source.problems, ...early];
    return { problems, fault: problemsFault('CONFIG_UNREADABLE', problems) };
  }

  const file: Origin = { kind: 'file', label: options.file ?? 'no config file' };
  const written = applyOverrides(source.tree, overrides);
  const resolved = resolveTree(written, (at) => {
    const origin = overrideAt(overrides, at)?.origin ?? file;
    const baseDir = origin.kind === 'file' && path ? dirname(path) : cwd;
    return { origin, references: { env, baseDir, unread: options.unreadSecrets ?? false } };
  });
  const judged = judge(resolved.tree, written, resolved.problems);
  const problems = [
    ...source.problems,
    ...early,
    ...judged.problems.map((problem) => placed(problem, overrides, source, file)).sort(byPosition),
  ];
  // Everything may come from elsewhere; where it does not, the file is what was forgotten.
  if (problems.length > 0 && options.file === undefined) problems.unshift(NO_FILE);
  if (problems.length > 0 || judged.config === undefined) {
    return { problems, fault: problemsFault('CONFIG_INVALID', problems) };
  }
  return { config: deepFreeze(judged.config) };
}

function readSource(path: string | undefined, shownPath: string | undefined): YamlTree {
  if (path === undefined || shownPath === undefined) {
    return { tree: {}, problems: [], broken: false, locate: () => undefined };
  }
  const refuse = (what: string, fix: string): YamlTree => ({
    tree: undefined,
    problems: [{ path: '', at: shownPath, what, fix }],
    broken: true,
    locate: () => undefined,
  });
  if (shownPath === '') return { tree: undefined, problems: [NO_FILE], broken: true, locate: () => undefined };
  const result = readText(path, CONFIG_FILE_BYTES_MAX);
  if ('unreadable' in result) return refuse(result.unreadable.what, result.unreadable.fix);
  const source = parseYamlTree(result.text, shownPath);
  if (!source.broken && (source.tree === null || source.tree === undefined)) {
    return refuse('is empty', 'start from examples/hydra-cutover.yaml');
  }
  if (!source.broken && (typeof source.tree !== 'object' || Array.isArray(source.tree))) {
    return refuse('is not a list of `key: value` lines', 'start from examples/hydra-cutover.yaml');
  }
  return source;
}

/** Schema and cross-field checks. What the resolver complained about already is not complained about again. */
function judge(
  tree: unknown,
  written: unknown,
  found: readonly TreeProblem[],
): { readonly config?: Config; readonly problems: readonly TreeProblem[] } {
  const parsed = configSchema.safeParse(tree);
  const known = new Set(found.map((problem) => formatPath(problem.path)));
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => explainIssue(issue, written));
  const fresh = issues.filter((problem) => !known.has(formatPath(problem.path)));
  for (const problem of fresh) known.add(formatPath(problem.path));
  const across = crossCheck(tree).filter((problem) => !known.has(formatPath(problem.path)));
  return { problems: [...found, ...fresh, ...across], ...(parsed.success ? { config: parsed.data } : {}) };
}

function placed(problem: TreeProblem, overrides: readonly Override[], source: YamlTree, file: Origin): ConfigProblem {
  const override = overrideAt(overrides, problem.path);
  const position = override ? undefined : source.locate(problem.path);
  const place = override?.origin.label ?? (position === undefined ? file.label : `${file.label}:${position}`);
  return { path: formatPath(problem.path), at: place, what: problem.what, fix: problem.fix };
}

/** From the top of the file to its end, as it will be read while it is fixed. */
function byPosition(a: ConfigProblem, b: ConfigProblem): number {
  return a.at.localeCompare(b.at, 'en', { numeric: true });
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Secret) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
