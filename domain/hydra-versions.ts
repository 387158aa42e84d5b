/** The Hydra versions that are known, oldest first. What is true of each stands in `hydra/versions/`, which ways lead between them in `hydra/paths/`. */
export const SUPPORTED_HYDRA_VERSIONS = ['1.11.10', '2.2.0', '2.3.0', '26.2.0'] as const;
export type SupportedHydraVersion = (typeof SUPPORTED_HYDRA_VERSIONS)[number];

export function isSupportedHydraVersion(value: unknown): value is SupportedHydraVersion {
  return SUPPORTED_HYDRA_VERSIONS.some((version) => version === value);
}
