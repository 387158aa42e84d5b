/** The Hydra versions that are known, oldest first. What is true of each stands in `hydra/versions/`, which ways lead between them in `hydra/paths/`. */
export const SUPPORTED_HYDRA_VERSIONS = ['1.11.10', '2.3.0'] as const;
export type SupportedHydraVersion = (typeof SUPPORTED_HYDRA_VERSIONS)[number];

export function isSupportedHydraVersion(value: unknown): value is SupportedHydraVersion {
  return SUPPORTED_HYDRA_VERSIONS.some((version) => version === value);
}

/** @returns whether an upgrade from `blue` to `green` goes forward in the table. The same version is not an upgrade. */
export function isUpgrade(blue: SupportedHydraVersion, green: SupportedHydraVersion): boolean {
  return SUPPORTED_HYDRA_VERSIONS.indexOf(blue) < SUPPORTED_HYDRA_VERSIONS.indexOf(green);
}
