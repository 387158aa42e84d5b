import { ApplicationFailure } from '@temporalio/common';
import { type InPlaceSteps } from '../../../domain/in-place/steps';
import { type StepInput } from '../../../domain/steps';
import { IN_PLACE_ANSWERS, IN_PLACE_PLAN } from '../support/fake-in-place-steps';
import { type SceneWorld } from './misbehaviour';

/** One activity shifts the traffic to the new version and back. */
export type InPlaceModelStep = keyof InPlaceSteps | 'shiftBack';
/** What a step can leave behind. */
export type InPlaceTrace = 'views' | 'newHydra' | 'unencrypted' | 'traffic' | 'oldStopped';
export type InPlaceUndo = 'startOld' | 'shiftBack' | 'stopBeside' | 'takeLayerBack';

export const IN_PLACE_WAY_BACK: readonly (readonly [InPlaceUndo, string])[] = [
  ['startOld', 'stopOld'],
  ['shiftBack', 'shares'],
  ['stopBeside', 'beside'],
  ['takeLayerBack', 'layer'],
];

export function modelStepOf(name: string, { share }: StepInput & { readonly share?: number }): InPlaceModelStep {
  return name === 'shiftTraffic' && share === 0 ? 'shiftBack' : (name as InPlaceModelStep);
}

const LEAVES: Readonly<Partial<Record<InPlaceModelStep, readonly InPlaceTrace[]>>> = {
  layLayer: ['views'],
  startBeside: ['newHydra', 'unencrypted'],
  shiftTraffic: ['traffic'],
  stopOld: ['oldStopped'],
};
const REMOVES: Readonly<Partial<Record<InPlaceModelStep, readonly InPlaceTrace[]>>> = {
  startOld: ['oldStopped'],
  shiftBack: ['traffic'],
  stopBeside: ['newHydra', 'unencrypted'],
  removeLayer: ['views'],
  encryptAtRest: ['unencrypted'],
};
/** What a step works on: without it the real one would fail. */
const NEEDS: Readonly<Partial<Record<InPlaceModelStep, readonly InPlaceTrace[]>>> = {
  migrateOnline: ['views'],
  bookMigrations: ['views'],
  startBeside: ['views'],
  shiftTraffic: ['views', 'newHydra'],
  judgeShare: ['traffic'],
  stopOld: ['traffic'],
  removeLayer: ['oldStopped', 'traffic'],
  encryptAtRest: ['newHydra', 'traffic'],
};
/** What the real step refuses to work beside. */
const REFUSES: Readonly<Partial<Record<InPlaceModelStep, InPlaceTrace>>> = {
  shiftBack: 'oldStopped',
  stopBeside: 'traffic',
};
/** Of a run that went on to its end. */
const SERVING: readonly InPlaceTrace[] = ['newHydra', 'traffic', 'oldStopped'];

/** One database with two versions, as far as an upgrade in place can go wrong over it. */
export class InPlaceWorld implements SceneWorld<InPlaceModelStep> {
  readonly #traces = new Set<InPlaceTrace>();
  readonly #running = new Set<InPlaceModelStep>();
  #begun = false;
  #forwardOnly = false;
  readonly undone: InPlaceUndo[] = [];
  readonly violations: string[] = [];

  get writes(): 'old' | 'new' | 'nobody' {
    if (this.#traces.has('traffic')) return this.#traces.has('newHydra') ? 'new' : 'nobody';
    return this.#traces.has('oldStopped') || (this.#begun && !this.#traces.has('views')) ? 'nobody' : 'old';
  }

  get left(): InPlaceTrace[] {
    const serving = this.#forwardOnly ? SERVING : [];
    return [...this.#traces].filter((trace) => !serving.includes(trace)).sort();
  }

  begin(step: InPlaceModelStep): void {
    const undo = IN_PLACE_WAY_BACK.find(([name]) => name === step)?.[0];
    if (undo !== undefined) {
      if (this.undone.at(-1) !== undo) this.undone.push(undo);
      if (this.#running.size > 0) this.violations.push(`${step} began beside ${[...this.#running].join(', ')}`);
      if (this.#forwardOnly) this.violations.push(`${step} began where no way leads back`);
    }
    for (const trace of NEEDS[step] ?? []) {
      if (!this.#traces.has(trace)) this.violations.push(`${step} ran without ${trace}`);
    }
    if (step === 'removeLayer') this.#forwardOnly = true;
    this.#running.add(step);
  }

  end(step: InPlaceModelStep): void {
    this.#running.delete(step);
  }

  takeEffect(step: InPlaceModelStep): void {
    const besides = REFUSES[step];
    if (besides !== undefined && this.#traces.has(besides)) {
      throw ApplicationFailure.nonRetryable(`${step} is not done beside ${besides}`, 'CHECK_FAILED');
    }
    this.takeHalfEffect(step);
    for (const trace of REMOVES[step] ?? []) this.#traces.delete(trace);
    if (step === 'takeLayerBack' && !this.#begun) this.#traces.delete('views');
    if (this.writes === 'nobody') this.violations.push(`nobody serves behind ${step}`);
  }

  takeHalfEffect(step: InPlaceModelStep): void {
    for (const trace of LEAVES[step] ?? []) this.#traces.add(trace);
    if (step === 'migrateOnline') this.#begun = true;
  }

  answer(step: InPlaceModelStep, environment: string): Promise<unknown> {
    if (step === 'planInPlace') return Promise.resolve({ ...IN_PLACE_PLAN, environment, shares: [100] });
    if (step === 'takeLayerBack') return Promise.resolve({ stays: this.#begun });
    return IN_PLACE_ANSWERS[step === 'shiftBack' ? 'shiftTraffic' : step]({ environment, cutoverId: 'model' });
  }
}
