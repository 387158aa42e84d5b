import { type Phase } from '../runbook';
import { COPY_UPGRADE } from './copy-upgrade';
import { waysBack } from './phase-row';

type Runbook = typeof COPY_UPGRADE;
type WayBack = Exclude<Extract<Runbook[Phase], { undo: string }>['undo'], 'with green' | 'abandonSwitchover'>;

/** Phases that a person may let pass after the commit, as gate `intervene` offers it. */
export type SkippablePhase = { [Name in Phase]: Runbook[Name] extends { maySkip: true } ? Name : never }[Phase];

export function maySkip(phase: Phase): phase is SkippablePhase {
  return 'maySkip' in COPY_UPGRADE[phase];
}

/**
 * What `repair` does of each phase that may be skipped, in order. Without a step, the phase is left to a person altogether. Every step
 * that stands here can be skipped there, too: otherwise one that fails for good would keep the next upgrade away.
 */
export const REPAIRS_AFTER_COMMIT = {
  drain: ['proveDrain'],
  stopBlue: [],
  validate: [],
  bake: [],
  finalize: [],
  resumeJobs: ['resumeJobs'],
  cleanUp: ['restoreLifetimes', 'finalize'],
} as const satisfies { readonly [Name in SkippablePhase]: readonly Runbook[Name]['acts'][number][] };

/** Steps that `repair --skip` lets fail. Neither the claim, which says who serves, nor the switchover, without which nobody does. */
export type SkippableStep = (typeof REPAIRS_AFTER_COMMIT)[SkippablePhase][number] | WayBack;

/** What stays when it is skipped. */
export const LEFT_WHEN_SKIPPED: Readonly<Record<SkippableStep, string>> = {
  proveDrain: 'a token that was revoked on blue may be active on green',
  resumeJobs: 'jobs may still be paused, for a person to resume',
  restoreLifetimes: 'token lifetimes of clients may still be raised',
  finalize: 'what this tool made stays, and the next upgrade is refused',
  stopGreen: "green's Hydra may still run, against a database that takes no writes",
  deleteGreen: 'the instance of green may still exist',
  deleteSnapshot: 'the snapshot of blue may still exist',
  disableCapture: 'arbiter, guards and change log stay on blue, and the next upgrade is refused',
};

export const SKIPPABLE_STEPS = Object.keys(LEFT_WHEN_SKIPPED) as readonly SkippableStep[];

/** Ways back without the claim, the newest phase first. */
export const WAYS_BACK = waysBack<string>(COPY_UPGRADE).filter(
  (step) => step !== 'abandonSwitchover',
) as readonly WayBack[];
