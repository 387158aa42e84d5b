/** Name on the wire: histories hold it, so it never changes. */
export const IN_PLACE_WORKFLOW = 'upgradeInPlace';

/** The phases of an upgrade in place, in order; a person approves at `plan` and at `finalize`, which a copy has too. */
export const IN_PLACE_PHASES = {
  preflight: 'checks on the database, both Hydras and the gateways',
  plan: 'a person reads the plan',
  layer: 'the old version looks through views, with new sessions',
  online: 'migrations beside the traffic',
  bookkeeping: 'nothing pending for either version',
  beside: 'the new version starts beside the old',
  shares: 'traffic moves in steps, each one judged',
  finalize: 'a person accepts',
  stopOld: 'the old version stops',
  removeLayer: 'views and bookkeeping of ours removed',
  encrypt: 'sessions are kept encrypted again',
} as const;
export type InPlacePhase = keyof typeof IN_PLACE_PHASES;
export const IN_PLACE_PHASE_NAMES = Object.keys(IN_PLACE_PHASES) as readonly InPlacePhase[];

/** What starts `upgradeInPlace`: short enough to be typed in the Temporal UI. */
export interface InPlaceInput {
  /** As in the worker's config; a worker of another environment refuses. */
  readonly environment: string;
  /** A claim, for the report and for "approver is not starter". */
  readonly by?: string;
  readonly note?: string;
  /** Of the config that was looked at with `plan`; another one refuses. */
  readonly configDigest?: string;
}
