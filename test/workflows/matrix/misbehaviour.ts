import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { type StepInput } from '../../../domain/steps';
import { untilCancelled } from '../support/fake-steps';
import { type Row } from './row';

/** What goes wrong with the one step that a case is about. */
export const COLUMNS = ['failsForGood', 'failsTwice', 'timesOut', 'cancelled', 'rejected', 'killed'] as const;
export type Column = (typeof COLUMNS)[number];

export const COLUMN_TITLES: Readonly<Record<Column, string>> = {
  failsForGood: 'fails for good',
  failsTwice: 'fails twice, then works',
  timesOut: 'times out after taking effect, then fails for good',
  cancelled: 'is running when somebody cancels',
  rejected: 'works, and the next gate is rejected',
  killed: 'loses its worker half-way',
};

const POLL_MS = 50;
/** A step that is told takes its time to stop; its undo must wait for it. */
const STOPPING_MS = 150;

/** What a run works on, as far as it can go wrong over it. */
export interface SceneWorld<Step extends string> {
  begin(step: Step): void;
  end(step: Step): void;
  /** @throws Error where the real step would refuse */
  takeEffect(step: Step): void;
  takeHalfEffect(step: Step): void;
  answer(step: Step, environment: string): Promise<unknown>;
  readonly writes: Row['writes'] | 'nobody';
  readonly undone: readonly string[];
  readonly left: readonly string[];
  readonly violations: readonly string[];
}

/** When the step of a case misbehaves. */
export interface When<Step extends string> {
  /** Only after the commit: it is called before as well. */
  readonly onlyForward?: boolean;
  /** This one fails for good, so that the run goes back. */
  readonly breaksAt?: Step | undefined;
}

/** One case: what its driver and its steps must know of one another. */
export class Scene<Step extends string = string> {
  /** Set by the driver. */
  cancelSent = false;
  /** Whether the run passed the cancel request on to the step; undefined until the run has seen it. */
  isTold: boolean | undefined;
  /** A person decided at gate `intervene`: whatever was broken is fixed. */
  isMended = false;
  isOver = false;
  tries = 0;

  constructor(
    readonly world: SceneWorld<Step>,
    readonly step: Step,
    readonly column: Column,
    private readonly when: When<Step> = {},
  ) {}

  /** @param stepOf one activity may be several steps of the world */
  activities<Input extends StepInput>(
    names: readonly string[],
    stepOf: (name: string, input: Input) => Step,
  ): Record<string, (input: StepInput) => Promise<unknown>> {
    return Object.fromEntries(
      names.map((name) => [name, (input: StepInput) => this.play(stepOf(name, input as Input), input)]),
    );
  }

  private async play(step: Step, { environment }: StepInput): Promise<unknown> {
    const { world } = this;
    world.begin(step);
    try {
      if (step === this.step && (this.when.onlyForward !== true || world.writes === 'green')) {
        this.tries += 1;
        await this.misbehave(step);
      } else if (step === this.when.breaksAt) {
        world.takeHalfEffect(step);
        throw broken();
      }
      if (step === 'keepInSync') await untilCancelled();
      world.takeEffect(step);
      return await world.answer(step, environment);
    } finally {
      world.end(step);
    }
  }

  /** Returns when the step may work after all. */
  private async misbehave(step: Step): Promise<void> {
    const { world } = this;
    switch (this.column) {
      case 'failsForGood':
        if (step === 'switchover') world.takeHalfEffect(step);
        if (!this.isMended) throw broken();
        return;
      case 'failsTwice':
        if (this.tries <= 2) throw new Error('connection lost');
        return;
      case 'timesOut':
        if (this.tries === 1) {
          world.takeEffect(step);
          await this.falterSilently(step);
        }
        if (!this.isMended) throw broken();
        return;
      case 'cancelled':
        if (this.tries === 1) await this.untilToldToStop(step);
        return;
      case 'rejected':
        return;
      case 'killed':
        if (this.tries > 1) return;
        world.takeHalfEffect(step);
        await this.falterSilently(step);
    }
  }

  /** As a dead worker's step: no sign of life and no end. */
  private async falterSilently(step: Step): Promise<never> {
    this.world.end(step);
    while (!this.isOver) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    throw new Error('nobody hears this');
  }

  private async untilToldToStop(step: Step): Promise<void> {
    const context = Context.current();
    for (;;) {
      context.heartbeat();
      if (context.cancellationSignal.aborted) {
        this.world.takeHalfEffect(step);
        await new Promise((resolve) => setTimeout(resolve, STOPPING_MS));
        throw context.cancellationSignal.reason;
      }
      // One that is never told comes to its end by itself; one that is may hear of it late, by its next beat. It must not end before:
      // the time-skipping server, unlike a real one, never gets over a step that ends while its cancellation is being decided.
      if (this.isTold === false) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function broken(): ApplicationFailure {
  return ApplicationFailure.nonRetryable('it broke', 'RDS_FAILED');
}
