import { type PhaseRow } from '../runbooks/phase-row';
import { type InPlaceSteps } from './steps';

/** Name on the wire: histories hold it, so it never changes. */
export const IN_PLACE_WORKFLOW = 'upgradeInPlace';

/** The phases of an upgrade in place, in order; a person approves at `plan` and at `finalize`, which a copy has too. */
export const IN_PLACE = {
  preflight: { title: 'checks on the database, both Hydras and the gateways', acts: ['planInPlace'] },
  plan: { title: 'a person reads the plan', acts: [], waitsForPeople: true },
  layer: {
    title: 'the old version looks through views, with new sessions',
    acts: ['layLayer'],
    undo: 'takeLayerBack',
  },
  online: { title: 'migrations beside the traffic', acts: ['migrateOnline'] },
  bookkeeping: { title: 'nothing pending for either version', acts: ['bookMigrations'] },
  beside: { title: 'the new version starts beside the old', acts: ['startBeside'], undo: 'stopBeside' },
  shares: {
    title: 'traffic moves in steps, each one judged',
    acts: ['shiftTraffic', 'judgeShare'],
    undo: 'shiftTraffic',
  },
  finalize: { title: 'a person accepts', acts: [], waitsForPeople: true },
  stopOld: { title: 'the old version stops', acts: ['stopOld'], undo: 'startOld' },
  removeLayer: { title: 'views and bookkeeping of ours removed', acts: ['removeLayer'], isAfterCommit: true },
  encrypt: { title: 'sessions are kept encrypted again', acts: ['encryptAtRest'], isAfterCommit: true },
} as const satisfies Readonly<Record<string, PhaseRow<keyof InPlaceSteps>>>;
export type InPlacePhase = keyof typeof IN_PLACE;
export const IN_PLACE_PHASE_NAMES = Object.keys(IN_PLACE) as readonly InPlacePhase[];

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
