/** Who a server must run as. Set only when this process is root, because PostgreSQL refuses to run as root. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresInstallation {
  readonly major: number;
  /** For example `15.18`. */
  readonly version: string;
  /** Holds `initdb`, `postgres` and `pg_ctl`; readable by `runAs`. */
  readonly binDir: string;
  readonly runAs?: RunAs;
}

export interface ResolveOptions {
  /** Called with one line at a time while something is downloaded or compiled. @default silent */
  readonly progress?: (line: string) => void;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

export const POSTGRES_MAJORS = [15, 18] as const;
export type PostgresMajor = (typeof POSTGRES_MAJORS)[number];

export const HYDRA_VERSIONS = ['1.11.10', '2.3.0'] as const;
export type HydraVersion = (typeof HYDRA_VERSIONS)[number];
