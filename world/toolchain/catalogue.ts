import { type ToolContext } from './context';
import { findGoProgram, locateGoProgram } from './go-program';
import { findPostgres, locatePostgres } from './postgres';
import { type FoundTool, HYDRA_VERSIONS, INSTALLED_POSTGRES_MAJORS, OLDER_HYDRA_VERSIONS } from './types';
import { ETCD, type GoPin, HYDRA, POSTGRES, TEMPORAL_CLI, TEMPORAL_TEST_SERVER, type WheelPin } from './versions';
import { findWheelProgram, locateWheelProgram } from './wheel-program';

export interface CatalogueEntry {
  readonly label: string;
  readonly version: string;
  /** Makes it available. */
  readonly find: (context: ToolContext) => Promise<FoundTool>;
  /** Only looks; undefined when it would have to be downloaded, copied or compiled. */
  readonly locate: (context: ToolContext) => Promise<FoundTool | undefined>;
}

/** Every program that the local world and the tests run unless told otherwise, the quick ones first. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  ...INSTALLED_POSTGRES_MAJORS.map((major) => ({
    label: `PostgreSQL ${major}`,
    version: POSTGRES[major].version,
    find: (context: ToolContext) => findPostgres(major, context),
    locate: (context: ToolContext) => locatePostgres(major, context),
  })),
  wheelEntry(TEMPORAL_CLI),
  wheelEntry(TEMPORAL_TEST_SERVER),
  ...[...HYDRA_VERSIONS, ...OLDER_HYDRA_VERSIONS].map((version) => goEntry(HYDRA[version])),
  goEntry(ETCD),
];

function wheelEntry(pin: WheelPin): CatalogueEntry {
  return {
    label: pin.label,
    version: pin.version,
    find: (context) => findWheelProgram(pin, context),
    locate: (context) => locateWheelProgram(pin, context),
  };
}

function goEntry(pin: GoPin): CatalogueEntry {
  return {
    label: pin.label,
    version: pin.version,
    find: (context) => findGoProgram(pin, context),
    locate: (context) => locateGoProgram(pin, context),
  };
}
