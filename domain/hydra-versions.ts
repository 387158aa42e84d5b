/**
 * The Hydra versions this can take apart and put together again, oldest first. The order is the order of upgrades: green
 * must stand below blue in this table. What differs in the schemas is in `hydra/`; here stands only what every part asks.
 */
export const HYDRA_VERSION_TABLE = {
  '1.11.10': { apiGeneration: 1, adminPrefix: '', flowTable: false },
  '2.3.0': { apiGeneration: 2, adminPrefix: '/admin', flowTable: true },
} as const satisfies Record<string, HydraVersionFacts>;

interface HydraVersionFacts {
  /** 1: admin paths as they are; 2: admin paths below `/admin`. */
  readonly apiGeneration: 1 | 2;
  readonly adminPrefix: '' | '/admin';
  /** Whether the schema has `hydra_oauth2_flow`, the surest mark of a migrated database. */
  readonly flowTable: boolean;
}

export type SupportedHydraVersion = keyof typeof HYDRA_VERSION_TABLE;

export const SUPPORTED_HYDRA_VERSIONS = Object.keys(HYDRA_VERSION_TABLE) as [
  SupportedHydraVersion,
  ...SupportedHydraVersion[],
];

export function isSupportedHydraVersion(value: unknown): value is SupportedHydraVersion {
  return typeof value === 'string' && Object.hasOwn(HYDRA_VERSION_TABLE, value);
}

/** @returns whether an upgrade from `blue` to `green` goes forward in the table. The same version is not an upgrade. */
export function isUpgrade(blue: SupportedHydraVersion, green: SupportedHydraVersion): boolean {
  return SUPPORTED_HYDRA_VERSIONS.indexOf(blue) < SUPPORTED_HYDRA_VERSIONS.indexOf(green);
}
