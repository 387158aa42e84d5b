import { type PostgresMajor } from '../../domain/postgres-majors';

export { POSTGRES_MAJORS, type PostgresMajor } from '../../domain/postgres-majors';

/** Who a server must run as. Set only when this process is root, because PostgreSQL refuses to run as root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresInstallation {
  readonly major: number;
  /** For example `15.18`. */
  readonly version: string;
  /** Holds `initdb` and `postgres`; readable by `runAs`. */
  readonly binDir: string;
  readonly runAs?: RunAs;
}

export interface ResolveOptions {
  /** Called with one line at a time while something is downloaded or compiled. @default silent */
  readonly progress?: (line: string) => void;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the work and the child processes it started. */
  readonly signal?: AbortSignal;
}

/** Both ends of what most run: they come with `npm ci`. The others are downloaded once something asks for them. */
export const INSTALLED_POSTGRES_MAJORS = [15, 18] as const satisfies readonly PostgresMajor[];
export type InstalledPostgresMajor = (typeof INSTALLED_POSTGRES_MAJORS)[number];

export const HYDRA_VERSIONS = ['1.11.10', '2.2.0', '2.3.0'] as const;
/** Their module cannot be compiled by anybody but its maintainers: whoever has the program names it by an environment variable. */
export const BROUGHT_HYDRA_VERSIONS = ['26.2.0'] as const;
export type BroughtHydraVersion = (typeof BROUGHT_HYDRA_VERSIONS)[number];
export type HydraVersion = (typeof HYDRA_VERSIONS)[number] | BroughtHydraVersion;
/** Compiled only when something needs it: the upgrade in place, its demo and its tests. */
export const OLDER_HYDRA_VERSIONS = ['1.3.2'] as const;
export type LaunchedVersion = HydraVersion | (typeof OLDER_HYDRA_VERSIONS)[number];

/** Where a program was found; `made` means that this very call downloaded, copied or compiled it. */
export const TOOL_SOURCES = ['environment', 'path', 'cache', 'made'] as const;
export type ToolSource = (typeof TOOL_SOURCES)[number];

export interface FoundTool {
  /** The executable; for PostgreSQL the folder of executables. */
  readonly path: string;
  readonly source: ToolSource;
  /** The version it reported, or for a cache entry the pinned one. */
  readonly version: string;
}
