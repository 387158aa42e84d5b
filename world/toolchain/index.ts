import { unprivilegedIdentity } from './cache/cache-root';
import { toolContext } from './context';
import { findPostgres } from './postgres';
import { type PostgresInstallation, type PostgresMajor, type ResolveOptions } from './types';

export type { FoundTool, HydraVersion, PostgresInstallation, PostgresMajor, ResolveOptions, RunAs } from './types';
export { HYDRA_VERSIONS, POSTGRES_MAJORS } from './types';

/**
 * PostgreSQL binaries of one major version that are proven to run on this machine.
 *
 * As root, `runAs` is the unprivileged identity that servers and their data folders need; the binaries are readable by it.
 * @throws CutoverFault TOOL_UNUSABLE | TOOL_MISSING | DISK_FULL
 */
export async function resolvePostgres(major: PostgresMajor, options?: ResolveOptions): Promise<PostgresInstallation> {
  const { path, version } = await findPostgres(major, toolContext(options));
  const runAs = unprivilegedIdentity();
  return { major, version, binDir: path, ...(runAs === undefined ? {} : { runAs }) };
}
