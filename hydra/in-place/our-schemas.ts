/** What is ours in a database that is upgraded in place: nobody else may look into it. */
export const IN_PLACE_SCHEMA = 'hydra_cutover_in_place';
/** What the old version's sessions look into first. */
export const COMPATIBILITY_SCHEMA = 'hydra_compatibility';
