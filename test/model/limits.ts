import { type ModelLimits } from './explore';

/** Stops a space that has grown beyond the machine, which is then told. */
const STATES_MAX = 6_000_000;

/** What `npm test` has time for. */
export const SMALL_SPACES = {
  oneFault: { faults: 1, starts: 2, living: 2, abandons: 0, statesMax: STATES_MAX },
  abandon: { faults: 0, starts: 2, living: 2, abandons: 1, statesMax: STATES_MAX },
  members: { faults: 0, starts: 1, living: 1, abandons: 0, members: 'listed', statesMax: STATES_MAX },
  strangers: { faults: 0, starts: 1, living: 1, abandons: 0, members: 'unlisted', statesMax: STATES_MAX },
  newcomers: { faults: 0, starts: 1, living: 1, abandons: 0, members: 'new', statesMax: STATES_MAX },
  undo: { faults: 0, starts: 2, living: 2, abandons: 1, undo: true, statesMax: STATES_MAX },
} satisfies Readonly<Record<string, ModelLimits>>;

/** What `npm run model` explores on top of these. */
export const LARGE_SPACES = {
  abandonAndFault: { faults: 1, starts: 1, living: 2, abandons: 1, statesMax: STATES_MAX },
  undoAndFault: { faults: 1, starts: 1, living: 2, abandons: 1, undo: true, statesMax: STATES_MAX },
  twoFaults: { faults: 2, starts: 2, living: 2, abandons: 0, statesMax: STATES_MAX },
  strangersAndFault: { faults: 1, starts: 1, living: 1, abandons: 0, members: 'unlisted', statesMax: STATES_MAX },
  newcomersAndFault: { faults: 1, starts: 1, living: 1, abandons: 0, members: 'new', statesMax: STATES_MAX },
  threeRuns: { faults: 0, starts: 3, living: 3, abandons: 0, freeStarts: true, statesMax: STATES_MAX },
} satisfies Readonly<Record<string, ModelLimits>>;
