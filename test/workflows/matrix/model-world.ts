import { COMMITTED, STEP_ANSWERS, type StepName } from '../support/fake-steps';

/** What a step can leave behind. */
export type Trace = 'lifetimes' | 'capture' | 'snapshot' | 'green' | 'greenHydra' | 'jobsPaused' | 'fence';

export const UNDO_STEPS = [
  'restoreLifetimes',
  'disableCapture',
  'deleteSnapshot',
  'deleteGreen',
  'stopGreen',
  'resumeJobs',
  'abandonSwitchover',
] as const satisfies readonly StepName[];
export type UndoStep = (typeof UNDO_STEPS)[number];

const LEAVES: Readonly<Partial<Record<StepName, Trace>>> = {
  extendLifetimes: 'lifetimes',
  enableCapture: 'capture',
  takeSnapshot: 'snapshot',
  restoreGreen: 'green',
  startGreen: 'greenHydra',
  pauseJobs: 'jobsPaused',
};
const REMOVES: Readonly<Partial<Record<StepName, readonly Trace[]>>> = {
  restoreLifetimes: ['lifetimes'],
  disableCapture: ['capture'],
  deleteSnapshot: ['snapshot'],
  deleteGreen: ['green'],
  stopGreen: ['greenHydra'],
  resumeJobs: ['jobsPaused'],
  finalize: ['capture', 'snapshot'],
};
/** What a step works on: without it the real one would fail. */
const NEEDS: Readonly<Partial<Record<StepName, readonly Trace[]>>> = {
  takeSnapshot: ['capture'],
  restoreGreen: ['snapshot'],
  closeGreen: ['green'],
  cleanGreen: ['green'],
  migrateGreen: ['green'],
  repairGreen: ['green'],
  guardGreen: ['green'],
  vacuumGreen: ['green'],
  startGreen: ['green'],
  catchUp: ['capture', 'green'],
  keepInSync: ['capture', 'green'],
  verifyParity: ['capture', 'green'],
  gatherEvidence: ['capture', 'green', 'greenHydra'],
  switchover: ['capture', 'green', 'greenHydra', 'jobsPaused'],
};
/** Only after the commit. */
const AFTER_COMMIT: readonly StepName[] = [
  'proveDrain',
  'stopBlue',
  'validate',
  'bake',
  'previewJobs',
  'guardPurge',
  'finalize',
];

/**
 * Blue, green and what a cutover leaves in them, as far as a run can go wrong over it. It is honest: a step changes it or does
 * not, and what a real side would not survive is noted.
 */
export class ModelWorld {
  readonly traces = new Set<Trace>();
  readonly calls: StepName[] = [];
  /** What took something back before the commit, or claimed; in order, tries in a row as one. */
  readonly undone: StepName[] = [];
  readonly violations: string[] = [];
  private readonly running = new Set<StepName>();
  private committed = false;
  private greenOpen = false;

  get writes(): 'blue' | 'green' | 'nobody' {
    if (this.committed) return this.greenOpen ? 'green' : 'nobody';
    return this.traces.has('fence') ? 'nobody' : 'blue';
  }

  begin(step: StepName): void {
    this.calls.push(step);
    if (isUndo(step) && (!this.committed || step === 'abandonSwitchover')) {
      if (this.undone.at(-1) !== step) this.undone.push(step);
      if (this.running.size > 0) this.violate(`${step} began beside ${[...this.running].join(', ')}`);
    }
    if (this.running.has('keepInSync')) this.violate(`${step} began beside keepInSync`);
    for (const trace of NEEDS[step] ?? []) {
      if (!this.traces.has(trace)) this.violate(`${step} ran without ${trace}`);
    }
    if (AFTER_COMMIT.includes(step) && this.writes !== 'green') this.violate(`${step} ran before green served`);
    if (this.committed && (step === 'deleteGreen' || step === 'stopGreen')) this.violate(`${step} took what serves`);
    this.running.add(step);
  }

  end(step: StepName): void {
    this.running.delete(step);
  }

  /** What the step is for. */
  takeEffect(step: StepName): void {
    const left = LEAVES[step];
    if (left !== undefined) this.traces.add(left);
    for (const trace of REMOVES[step] ?? []) this.traces.delete(trace);
    if (step === 'switchover') {
      this.committed = true;
      this.greenOpen = true;
      this.traces.delete('fence');
    }
    if (step === 'abandonSwitchover' && !this.committed) this.traces.delete('fence');
  }

  /** The worst that a step leaves when it does not come to its end. */
  takeHalfEffect(step: StepName): void {
    const left = LEAVES[step];
    if (left !== undefined) this.traces.add(left);
    if (step === 'switchover' && !this.committed) this.traces.add('fence');
  }

  answer(step: StepName, environment: string): Promise<unknown> {
    if (step === 'abandonSwitchover') return Promise.resolve({ outcome: this.committed ? 'committed' : 'aborted' });
    if (step === 'switchover') return Promise.resolve(COMMITTED);
    return STEP_ANSWERS[step]({ environment, cutoverId: 'model' });
  }

  /** Of a cutover that is over: green itself is none once it serves. */
  get left(): Trace[] {
    const serving: readonly Trace[] = this.committed ? ['green', 'greenHydra'] : [];
    return [...this.traces].filter((trace) => !serving.includes(trace)).sort();
  }

  private violate(what: string): void {
    this.violations.push(what);
  }
}

export function isUndo(step: StepName): step is UndoStep {
  return UNDO_STEPS.some((undo) => undo === step);
}
