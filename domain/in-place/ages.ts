/** Two Hydras of different versions on the database of one side, while it is upgraded in place. */
export const HYDRA_AGES = ['old', 'new'] as const;
export type HydraAge = (typeof HYDRA_AGES)[number];
