/**
 * Search attributes that a Temporal namespace must have before the first cutover. All are keywords: they are filters and
 * columns of the workflow list, and their values are never encrypted.
 */
const SEARCH_ATTRIBUTES = {
  CutoverEnvironment: 'the name of the environment from the config',
  CutoverPhase: 'the phase the run is in',
  CutoverAwaiting: 'the gate that waits for a person; absent when none does',
  CutoverOutcome: 'how the run ended',
  CutoverMode: 'real, rehearse or drill',
} as const;

export type SearchAttribute = keyof typeof SEARCH_ATTRIBUTES;

export const SEARCH_ATTRIBUTE_NAMES = Object.keys(SEARCH_ATTRIBUTES) as readonly SearchAttribute[];

/** As Temporal's CLI and server spell the type. */
export const SEARCH_ATTRIBUTE_TYPE = 'Keyword';
