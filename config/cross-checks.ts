import { isDeepStrictEqual } from 'node:util';
import { isSupportedHydraVersion, type SupportedHydraVersion } from '../domain/hydra-versions';
import { IN_PLACE_PATHS } from '../domain/in-place/paths';
import { isReadableOnTheWay } from '../domain/plaintext';
import { howToRecord, isRecorded, pathOf, pathsText } from '../hydra/paths/registry';
import { valueAt } from './origins';
import { type TreeProblem } from './resolve-tree';
import { SWITCHOVER_DEFAULTS } from './sections/runbook';
import { checkTargets } from './target-checks';

/**
 * What must hold between fields. Runs on whatever could be read, so that these problems stand in the same report as the
 * others: a value that is missing or of another type takes no part.
 */
export function crossCheck(tree: unknown): readonly TreeProblem[] {
  return CROSS_CHECKS.flatMap((check) => check((path) => valueAt(tree, path.split('.'))));
}

type Read = (path: string) => unknown;

const CROSS_CHECKS: readonly ((read: Read) => readonly TreeProblem[])[] = [
  drillsAreForPractice,
  aPathLeadsToGreen,
  aStepLeadsToBlue,
  rolesOfBothVersionsDiffer,
  sharesRise,
  instancesDiffer,
  databasesDiffer,
  urlsDiffer,
  hostsAreKnown,
  clientCertificateIsWhole,
  rolesAreTheSame,
  rolesOfTheRunAreItsOwn,
  schemasAreTheSame,
  (read) => entriesDiffer(read, 'gateways', ['name', 'controlUrl']),
  (read) => entriesDiffer(read, 'targets', ['name', 'controlUrl']),
  // Several jobs may belong to one system.
  (read) => entriesDiffer(read, 'jobs', ['name']),
  targetsAreNoGateways,
  targetStatesDiffer,
  tokensStayPrivate,
  (read) => checkTargets(read('targets')),
  pauseFitsTheHold,
  locksFitThePause,
];

function problem(path: string, what: string, fix: string): TreeProblem {
  return { path: path.split('.'), what, fix };
}

function drillsAreForPractice(read: Read): readonly TreeProblem[] {
  if (read('environment.allowsDrill') !== true || read('environment.production') === false) return [];
  const what = 'is true, and environment.production is too: a drill moves the writes of real users';
  return [problem('environment.allowsDrill', what, 'remove it, or set environment.production to false')];
}

function aPathLeadsToGreen(read: Read): readonly TreeProblem[] {
  const [blue, green] = [read('blue.hydraVersion'), read('green.hydraVersion')];
  if (!isSupportedHydraVersion(blue) || !isSupportedHydraVersion(green)) return [];
  const path = pathOf(blue, green);
  if (path !== undefined) return isRecorded(path) ? [] : [notRecorded(green)];
  const what = `is ${green}, and no way leads there from blue's ${blue}; the ways there are: ${pathsText()}`;
  return [
    problem('green.hydraVersion', what, 'name the versions of one of these ways, and take the next way afterwards'),
  ];
}

/** Without it nobody could say what the migration meets on blue, and whether it came out as it should on green. */
function notRecorded(version: SupportedHydraVersion): TreeProblem {
  const what = `is ${version}, and what its migrations do was not recorded in this installation`;
  return problem('green.hydraVersion', what, howToRecord(version));
}

function aStepLeadsToBlue(read: Read): readonly TreeProblem[] {
  const [from, blue] = [read('inPlace.from'), read('blue.hydraVersion')];
  const paths: Readonly<Record<string, { readonly to: string }>> = IN_PLACE_PATHS;
  const path = typeof from === 'string' ? paths[from] : undefined;
  if (path === undefined || typeof blue !== 'string' || path.to === blue) return [];
  const what = `is ${blue}, and Hydra ${String(from)} is upgraded in place to ${path.to}`;
  return [problem('blue.hydraVersion', what, `write ${path.to}: blue is what it is after the step in place`)];
}

function rolesOfBothVersionsDiffer(read: Read): readonly TreeProblem[] {
  const [old, next] = [read('inPlace.oldRole'), read('inPlace.newRole')];
  if (typeof old !== 'string' || old !== next) return [];
  const what = `is ${old}, as inPlace.oldRole: the new version would look through the views of the old one`;
  return [problem('inPlace.newRole', what, 'make a role of its own for it, member of blue.hydraRole')];
}

/** Green's guard lets the sync's role pass, whoever logs in as it; and a run takes the passwords of both away when it is done. */
function rolesOfTheRunAreItsOwn(read: Read): readonly TreeProblem[] {
  const used = ['blue.database.user', 'green.database.user', 'blue.hydraRole.name', 'green.hydraRole.name'];
  const others = (path: string) => [...used, ...(path === 'green.migrationRole' ? ['green.syncRole'] : [])];
  return ['green.syncRole', 'green.migrationRole'].flatMap((path) => {
    const name = read(path);
    const same = others(path).find((other) => typeof name === 'string' && read(other) === name);
    if (same === undefined) return [];
    const what = `is ${String(name)}, as ${same}: a run gives this role a password and takes it away again`;
    return [problem(path, what, 'leave it out, or name a role that nobody else logs in as')];
  });
}

function sharesRise(read: Read): readonly TreeProblem[] {
  const shares = read('inPlace.shares');
  if (!Array.isArray(shares) || shares.some((share) => typeof share !== 'number')) return [];
  const rises = (shares as number[]).every((share, index) => index === 0 || share > (shares[index - 1] as number));
  if (rises && shares.at(-1) === 100) return [];
  return [problem('inPlace.shares', `is ${shares.join(', ')}`, 'let them rise to 100')];
}

function instancesDiffer(read: Read): readonly TreeProblem[] {
  const [blue, green] = [read('blue.rdsInstanceId'), read('green.rdsInstanceId')];
  // RDS folds identifiers to lower case.
  if (typeof blue !== 'string' || typeof green !== 'string' || blue.toLowerCase() !== green.toLowerCase()) return [];
  const what = `is ${green}, the same instance as blue's`;
  return [problem('green.rdsInstanceId', what, 'name another one: green is restored into an instance of its own')];
}

function databasesDiffer(read: Read): readonly TreeProblem[] {
  const server = (side: string) => {
    const host = read(`${side}.database.host`);
    const port = read(`${side}.database.port`) ?? DEFAULT_POSTGRES_PORT;
    return typeof host === 'string' ? `${canonicalHost(host)}:${JSON.stringify(port)}` : undefined;
  };
  const [blue, green] = [server('blue'), server('green')];
  if (blue === undefined || blue !== green) return [];
  const what = `leads to the same database server as blue's (${blue})`;
  return [problem('green.database.host', what, "name green's own server; one server must never be both sides")];
}

const DEFAULT_POSTGRES_PORT = 5432;

function urlsDiffer(read: Read): readonly TreeProblem[] {
  return ['publicUrl', 'adminUrl'].flatMap((key) => {
    const [blue, green] = [read(`blue.${key}`), read(`green.${key}`)];
    if (typeof blue !== 'string' || typeof green !== 'string' || canonicalUrl(blue) !== canonicalUrl(green)) return [];
    return [problem(`green.${key}`, "is the same address as blue's", "name green's own address, behind the gateway")];
  });
}

function hostsAreKnown(read: Read): readonly TreeProblem[] {
  return ['blue', 'green'].flatMap((side) => {
    if (typeof read(`${side}.database`) !== 'object' || read(`${side}.database`) === null) return [];
    if (read(`${side}.database.host`) !== undefined || read(`${side}.rdsInstanceId`) !== undefined) return [];
    const what = `is missing, and there is no ${side}.rdsInstanceId to take the endpoint of`;
    return [problem(`${side}.database.host`, what, 'add one of the two')];
  });
}

function clientCertificateIsWhole(read: Read): readonly TreeProblem[] {
  const [certificate, key] = [read('temporal.tls.clientCert'), read('temporal.tls.clientKey')];
  if ((certificate === undefined) === (key === undefined)) return [];
  const missing = certificate === undefined ? 'clientCert' : 'clientKey';
  const what = 'is missing: a client certificate and its key only work together';
  return [problem(`temporal.tls.${missing}`, what, 'add it, or remove the other one')];
}

function rolesAreTheSame(read: Read): readonly TreeProblem[] {
  const [blue, green] = ['blue', 'green'].map((side) => read(`${side}.hydraRole.name`) ?? DEFAULT_HYDRA_ROLE);
  if (typeof blue !== 'string' || typeof green !== 'string' || blue === green) return [];
  const what = `is ${green}, and blue's is ${blue}: the snapshot brings blue's role to green`;
  return [problem('green.hydraRole.name', what, 'give both the same name')];
}

const DEFAULT_HYDRA_ROLE = 'hydra';

function schemasAreTheSame(read: Read): readonly TreeProblem[] {
  const [blue, green] = ['blue', 'green'].map((side) => read(`${side}.database.schema`) ?? DEFAULT_HYDRA_SCHEMA);
  if (typeof blue !== 'string' || typeof green !== 'string' || blue === green) return [];
  const what = `is ${green}, and blue's is ${blue}: the snapshot brings blue's schema to green`;
  return [problem('green.database.schema', what, 'give both the same name')];
}

const DEFAULT_HYDRA_SCHEMA = 'public';

function entriesDiffer(read: Read, section: string, keys: readonly string[]): readonly TreeProblem[] {
  const entries = read(section);
  if (!Array.isArray(entries)) return [];
  return keys.flatMap((key) => {
    const seen = new Map<string, number>();
    return entries.flatMap((entry: unknown, index) => {
      const value = valueAt(entry, [key]);
      if (typeof value !== 'string') return [];
      const canonical = key === 'name' ? value : canonicalUrl(value);
      const first = seen.get(canonical);
      seen.set(canonical, first ?? index);
      if (first === undefined) return [];
      const what = `is the same as that of ${section}[${first}]`;
      return [{ path: [section, index, key], what, fix: `list each of the ${section} once` }];
    });
  });
}

/** Epochs are remembered by name and address: one system must not hear of each epoch twice. */
function targetsAreNoGateways(read: Read): readonly TreeProblem[] {
  const [gateways, targets] = [read('gateways'), read('targets')];
  if (!Array.isArray(gateways) || !Array.isArray(targets)) return [];
  return ['name', 'controlUrl'].flatMap((key) => {
    const canonical = (value: unknown) => (typeof value !== 'string' || key === 'name' ? value : canonicalUrl(value));
    const taken = gateways.map((gateway: unknown) => canonical(valueAt(gateway, [key])));
    return targets.flatMap((target: unknown, index) => {
      const value = canonical(valueAt(target, [key]));
      if (value === undefined || !taken.includes(value)) return [];
      const what = `is the same as that of gateways[${taken.indexOf(value)}]`;
      return [{ path: ['targets', index, key], what, fix: 'list gateways below gateways alone' }];
    });
  });
}

function targetStatesDiffer(read: Read): readonly TreeProblem[] {
  const targets = read('targets');
  if (!Array.isArray(targets)) return [];
  return targets.flatMap((target: unknown, index) => {
    const [blue, green] = ['blue', 'green'].map((side) => valueAt(target, ['states', side]));
    if (blue === undefined || !isDeepStrictEqual(blue, green)) return [];
    const what = "is the same as blue's: the system would never be flipped";
    return [{ path: ['targets', index, 'states', 'green'], what, fix: 'write what it needs while green serves' }];
  });
}

/** Whoever reads such a token on the way can do to login what a worker does. */
function tokensStayPrivate(read: Read): readonly TreeProblem[] {
  return ['gateways', 'targets', 'jobs'].flatMap((section) => {
    const entries = read(section);
    if (!Array.isArray(entries)) return [];
    return entries.flatMap((entry: unknown, index) => {
      if (valueAt(entry, ['allowPlaintext']) === true) return [];
      return addressesWithSecrets(entry)
        .filter(({ address }) => typeof address === 'string' && isReadableOnTheWay(address))
        .map(({ path }) => ({
          path: [section, index, ...path],
          what: 'is http:// at another machine: what it is sent to prove who calls could be read on the way',
          fix: 'name an https:// address, or set allowPlaintext: true beside it where something else encrypts that way',
        }));
    });
  });
}

function addressesWithSecrets(entry: unknown): readonly { readonly path: PropertyKey[]; readonly address: unknown }[] {
  const endpoints = valueAt(entry, ['etcd', 'password']) === undefined ? [] : valueAt(entry, ['etcd', 'endpoints']);
  return [
    { path: ['controlUrl'], address: valueAt(entry, ['controlUrl']) },
    ...(Array.isArray(endpoints)
      ? endpoints.map((address: unknown, index) => ({ path: ['etcd', 'endpoints', index], address }))
      : []),
  ];
}

/** The fence must end before a gateway gives up its hold, and a pause that is given up before that too. */
function pauseFitsTheHold(read: Read): readonly TreeProblem[] {
  const { pauseBudgetMs, holdDeadlineMs, leaseMarginMs } = switchoverNumbers(read);
  if (pauseBudgetMs === undefined || holdDeadlineMs === undefined || leaseMarginMs === undefined) return [];
  const leaseMs = holdDeadlineMs - leaseMarginMs;
  if (leaseMs <= 0) {
    const what = `is ${leaseMarginMs}, and switchover.holdDeadlineMs is ${holdDeadlineMs}: the fence would end before it began`;
    return [problem('switchover.leaseMarginMs', what, 'make it less, or the hold longer')];
  }
  if (pauseBudgetMs <= leaseMs) return [];
  const what = `is ${pauseBudgetMs}; allowed is at most holdDeadlineMs - leaseMarginMs = ${leaseMs}, when the fence ends`;
  return [problem('switchover.pauseBudgetMs', what, 'make it less, or the hold longer')];
}

function locksFitThePause(read: Read): readonly TreeProblem[] {
  const { pauseBudgetMs, lockTimeoutMs } = switchoverNumbers(read);
  if (pauseBudgetMs === undefined || lockTimeoutMs === undefined || lockTimeoutMs < pauseBudgetMs) return [];
  const what = `is ${lockTimeoutMs}, and switchover.pauseBudgetMs is ${pauseBudgetMs}: waiting once would take the whole pause`;
  return [problem('switchover.lockTimeoutMs', what, 'make it less, or the budget more')];
}

/** Defaults included: a file that sets one of them is judged with the others as they will be. */
function switchoverNumbers(read: Read): Readonly<Record<keyof typeof SWITCHOVER_DEFAULTS, number | undefined>> {
  const number = (key: keyof typeof SWITCHOVER_DEFAULTS) => {
    const value = read(`switchover.${key}`) ?? SWITCHOVER_DEFAULTS[key];
    return typeof value === 'number' ? value : undefined;
  };
  return {
    pauseBudgetMs: number('pauseBudgetMs'),
    holdDeadlineMs: number('holdDeadlineMs'),
    leaseMarginMs: number('leaseMarginMs'),
    lockTimeoutMs: number('lockTimeoutMs'),
  };
}

function canonicalHost(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '');
  return ['localhost', '::1', '[::1]'].includes(lower) || lower.startsWith('127.') ? 'localhost' : lower;
}

function canonicalUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  return `${url.protocol}//${canonicalHost(url.hostname)}:${url.port}${url.pathname.replace(/\/+$/, '')}`;
}
