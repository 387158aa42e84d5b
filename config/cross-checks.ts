import { isSupportedHydraVersion, isUpgrade, SUPPORTED_HYDRA_VERSIONS } from '../domain/hydra-versions';
import { valueAt } from './origins';
import { type TreeProblem } from './resolve-tree';

/**
 * What must hold between fields. Runs on whatever could be read, so that these problems stand in the same report as the
 * others: a value that is missing or of another type takes no part.
 */
export function crossCheck(tree: unknown): readonly TreeProblem[] {
  return CROSS_CHECKS.flatMap((check) => check((path) => valueAt(tree, path.split('.'))));
}

type Read = (path: string) => unknown;

const CROSS_CHECKS: readonly ((read: Read) => readonly TreeProblem[])[] = [
  versionsGoForward,
  instancesDiffer,
  databasesDiffer,
  urlsDiffer,
  hostsAreKnown,
  clientCertificateIsWhole,
  gatewaysDiffer,
];

function problem(path: string, what: string, fix: string): TreeProblem {
  return { path: path.split('.'), what, fix };
}

function versionsGoForward(read: Read): readonly TreeProblem[] {
  const [blue, green] = [read('blue.hydraVersion'), read('green.hydraVersion')];
  if (!isSupportedHydraVersion(blue) || !isSupportedHydraVersion(green) || isUpgrade(blue, green)) return [];
  const what = `is ${green}, which is not an upgrade from blue's ${blue}; supported, in this order: ${SUPPORTED_HYDRA_VERSIONS.join(', ')}`;
  return [problem('green.hydraVersion', what, 'name a later version for green, or an earlier one for blue')];
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

function gatewaysDiffer(read: Read): readonly TreeProblem[] {
  const gateways = read('gateways');
  if (!Array.isArray(gateways)) return [];
  return ['name', 'controlUrl'].flatMap((key) => {
    const seen = new Map<string, number>();
    return gateways.flatMap((gateway: unknown, index) => {
      const value = valueAt(gateway, [key]);
      if (typeof value !== 'string') return [];
      const canonical = key === 'name' ? value : canonicalUrl(value);
      const first = seen.get(canonical);
      seen.set(canonical, first ?? index);
      if (first === undefined) return [];
      const what = `is the same as that of gateways[${first}]`;
      return [{ path: ['gateways', index, key], what, fix: 'list each gateway once' }];
    });
  });
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
