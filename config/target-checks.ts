import { valueAt } from './origins';
import { type TreeProblem } from './resolve-tree';
import { TARGET_KINDS, type TargetKind } from './sections/dependents';

/** Where each kind says where its system is. */
const PLACES: Readonly<Record<TargetKind, readonly string[]>> = {
  http: ['controlUrl', 'token'],
  file: ['file'],
  postgres: ['postgres'],
  etcd: ['etcd'],
};
const ALL_PLACES = Object.values(PLACES).flat();

/** A key, its compare and the record: etcd takes 128 operations in one transaction unless it is told otherwise. */
const ETCD_KEYS_MAX = 100;

/** What must hold within each target, and between two of them. */
export function checkTargets(targets: unknown): readonly TreeProblem[] {
  if (!Array.isArray(targets)) return [];
  const entries = targets as readonly unknown[];
  return [...entries.flatMap((target, index) => checkOne(target, ['targets', index])), ...placesDiffer(entries)];
}

function checkOne(target: unknown, path: readonly PropertyKey[]): readonly TreeProblem[] {
  const kind = kindOf(target);
  if (kind === undefined) return [];
  const missing = PLACES[kind].filter((key) => valueAt(target, [key]) === undefined);
  const foreign = ALL_PLACES.filter((key) => !PLACES[kind].includes(key) && valueAt(target, [key]) !== undefined);
  return [
    ...missing.map((key) => ({
      path: [...path, key],
      what: `is missing: kind ${kind} needs it`,
      fix: 'add it, or correct kind',
    })),
    ...foreign.map((key) => ({
      path: [...path, key],
      what: `is not of kind ${kind}`,
      fix: 'remove it, or correct kind',
    })),
    ...(kind === 'etcd' ? checkEtcd(target, path) : []),
  ];
}

function checkEtcd(target: unknown, path: readonly PropertyKey[]): readonly TreeProblem[] {
  const [user, password] = ['user', 'password'].map((key) => valueAt(target, ['etcd', key]));
  const half = (user === undefined) !== (password === undefined);
  const login: TreeProblem = {
    path: [...path, 'etcd', user === undefined ? 'user' : 'password'],
    what: 'is missing: a user and its password only work together',
    fix: 'add it, or remove the other one',
  };
  const keys = new Set<string>();
  const states = ['blue', 'green'].flatMap((side) => {
    const state = valueAt(target, ['states', side]);
    if (state === undefined) return [];
    const entries = typeof state === 'object' && state !== null && !Array.isArray(state) ? Object.entries(state) : [];
    for (const [key] of entries) keys.add(key);
    if (entries.length > 0 && entries.every(([key, value]) => key !== '' && typeof value === 'string')) return [];
    const what = 'is no map of keys of etcd with a text each';
    return [{ path: [...path, 'states', side], what, fix: 'write `/key: "value"` for each key that the system reads' }];
  });
  const recordKey = valueAt(target, ['etcd', 'recordKey']);
  const clash = typeof recordKey === 'string' && keys.has(recordKey);
  return [
    ...(half ? [login] : []),
    ...states,
    ...(clash
      ? [
          {
            path: [...path, 'etcd', 'recordKey'],
            what: 'is one of the keys that the system reads',
            fix: 'name another key',
          },
        ]
      : []),
    ...(keys.size > ETCD_KEYS_MAX
      ? [
          {
            path: [...path, 'states'],
            what: `has ${keys.size} keys; allowed are ${ETCD_KEYS_MAX}`,
            fix: 'flip fewer keys: one may name the others',
          },
        ]
      : []),
  ];
}

/** One system under two names would be told of each epoch twice, and refuse the second time. */
function placesDiffer(targets: readonly unknown[]): readonly TreeProblem[] {
  const seen = new Map<string, number>();
  return targets.flatMap((target, index) => {
    const place = placeOf(target);
    if (place === undefined) return [];
    const key = JSON.stringify(place);
    const first = seen.get(key);
    seen.set(key, first ?? index);
    if (first === undefined) return [];
    const what = `leads to the same place as that of targets[${first}]`;
    return [{ path: ['targets', index, String(place[0])], what, fix: 'list each of the targets once' }];
  });
}

function placeOf(target: unknown): readonly unknown[] | undefined {
  const at = (...path: string[]) => valueAt(target, path);
  const name = at('name');
  switch (kindOf(target)) {
    case 'file':
      return at('file', 'path') === undefined ? undefined : ['file', at('file', 'path')];
    case 'postgres': {
      const where = ['host', 'port', 'database', 'table'].map((key) => at('postgres', key) ?? null);
      return ['postgres', ...where, at('postgres', 'row') ?? name];
    }
    case 'etcd':
      // The same cluster may be given by other members: two of one name are told by the name.
      return at('etcd', 'recordKey') === undefined ? undefined : ['etcd', at('etcd', 'recordKey')];
    case 'http':
    case undefined:
      return undefined;
  }
}

function kindOf(target: unknown): TargetKind | undefined {
  const kind = valueAt(target, ['kind']) ?? 'http';
  return TARGET_KINDS.find((known) => known === kind);
}
