import { CONFIG_FIELDS, ENVIRONMENT_PREFIX, fieldAt, type ConfigField } from './catalogue';
import { nearest } from './nearest';
import { type Override, type Origin } from './origins';
import { type ConfigProblem } from './problems';
import { parseYamlTree } from './yaml-tree';

/** Names with our prefix that are not fields of the config: the environment of this machine. */
export const OTHER_VARIABLES = {
  HYDRA_CUTOVER_CONFIG: 'Path of the config file, where no `--config` is given.',
  HYDRA_CUTOVER_CACHE: 'Folder for what was downloaded or built, an absolute path.',
  HYDRA_CUTOVER_WORLDS: 'Folder for the data and logs of local worlds, an absolute path.',
} as const;

export interface Overrides {
  readonly overrides: readonly Override[];
  readonly problems: readonly ConfigProblem[];
}

const OVERRIDABLE = CONFIG_FIELDS.filter((field) => field.kind !== 'section' && field.path.length > 0);
const BY_VARIABLE = new Map(OVERRIDABLE.flatMap((field) => (field.variable ? [[field.variable, field] as const] : [])));
const FLAG_PATHS = [...BY_VARIABLE.values()].map((field) => field.path.join('.'));

/** Reads every variable with our prefix; one that is not known is a problem, because a typo would be silent otherwise. */
export function environmentOverrides(env: NodeJS.ProcessEnv): Overrides {
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  for (const [name, text] of Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || text === undefined || Object.hasOwn(OTHER_VARIABLES, name)) continue;
    const origin: Origin = { kind: 'environment', label: `environment variable ${name}` };
    const field = BY_VARIABLE.get(name);
    if (field) {
      addOverride(field, text, origin, overrides, problems);
      continue;
    }
    const similar = nearest(name, [...BY_VARIABLE.keys(), ...Object.keys(OTHER_VARIABLES)]);
    problems.push({
      path: '',
      at: origin.label,
      what: 'is not the name of a field',
      fix: similar === undefined ? 'remove it; the config reference lists the names' : `did you mean ${similar}?`,
    });
  }
  return { overrides, problems };
}

/** @param assignments `path=value`, as `--set` takes them */
export function flagOverrides(assignments: readonly string[]): Overrides {
  const overrides: Override[] = [];
  const problems: ConfigProblem[] = [];
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    // Without an equals sign the whole may be a secret: it is not repeated.
    const path = equals < 0 ? '' : assignment.slice(0, equals);
    const origin: Origin = { kind: 'flag', label: `--set ${path}`.trim() };
    const field = FLAG_PATHS.includes(path) ? fieldAt(path.split('.')) : undefined;
    if (field) {
      addOverride(field, assignment.slice(equals + 1), origin, overrides, problems);
      continue;
    }
    const similar = nearest(path, FLAG_PATHS);
    const example = 'write --set PATH=VALUE, for example --set log.level=debug';
    problems.push({
      path: '',
      at: origin.label,
      what: equals < 0 ? 'has no `=`' : 'is not the path of a value',
      fix: similar === undefined ? example : `did you mean ${similar}?`,
    });
  }
  return { overrides, problems };
}

function addOverride(
  field: ConfigField,
  text: string,
  origin: Origin,
  overrides: Override[],
  problems: ConfigProblem[],
): void {
  if (field.kind === 'value') {
    overrides.push({ path: field.path, value: text, origin });
    return;
  }
  const list = parseYamlTree(text, origin.label);
  problems.push(...list.problems);
  if (!list.broken) overrides.push({ path: field.path, value: list.tree, origin });
}
