import { type ControllerDeps } from './controller-deps';
import { type DoubtAnswer, type DoubtReason, type Verdict } from './doubt';

export interface Doubt {
  readonly reason: DoubtReason;
  /** In question when it began; null when this gateway knows of nothing undecided. */
  readonly epoch: number | null;
  /** From the first `unknown` on: requests are refused at once instead of waiting for a verdict. */
  refusing: boolean;
  /** So often something was heard since that makes an older "aborted" worthless. */
  news: number;
  lastVerdict: Verdict | null;
}

/** What was known when the question was asked. */
export interface Asked {
  /** In question. */
  readonly epoch: number | null;
  readonly news: number;
}

/** What the asker knows of the gateway that doubts. */
export interface Doubter {
  undecided(): number | null;
  appliedEpoch(): number;
  settle(doubt: Doubt, asked: Asked, answer: DoubtAnswer): Promise<void>;
  isOpen(doubt: Doubt): boolean;
  isStopped(): boolean;
  /** The answer has settled nothing: requests are refused from now on. */
  onUnsettled(): void;
}

type AskerDeps = Pick<ControllerDeps, 'clock' | 'resolveDoubt' | 'settings' | 'onEvent'>;

/** Asks who serves until a doubt is settled. A question that fails, or takes too long, counts as `unknown`. */
export class DoubtAsker {
  private cancelRetry: (() => void) | undefined;

  constructor(
    private readonly deps: AskerDeps,
    private readonly doubter: Doubter,
  ) {}

  /** Asks no more. What is under way is heard, and settles only what is still open. */
  stop(): void {
    this.cancelRetry?.();
  }

  async ask(doubt: Doubt): Promise<void> {
    const { deps, doubter } = this;
    let answer: DoubtAnswer = { verdict: 'unknown' };
    let err: unknown;
    const epoch = doubter.undecided();
    const { news, reason } = doubt;
    try {
      const appliedEpoch = doubter.appliedEpoch();
      answer = await this.withTimeout(deps.resolveDoubt({ reason, epoch, appliedEpoch }));
      if (answer.verdict !== 'unknown') await doubter.settle(doubt, { epoch, news }, answer);
    } catch (error) {
      answer = { verdict: 'unknown' };
      err = error;
    }
    if (doubter.isStopped()) return;
    doubt.lastVerdict = answer.verdict;
    deps.onEvent({ kind: 'doubt_asked', epoch, verdict: answer.verdict, err });
    if (!doubter.isOpen(doubt)) return;
    doubt.refusing = true;
    doubter.onUnsettled();
    this.cancelRetry = deps.clock.after(deps.settings.doubtRetryMs, () => void this.ask(doubt));
  }

  private withTimeout(answer: Promise<DoubtAnswer>): Promise<DoubtAnswer> {
    return new Promise((resolve, reject) => {
      const late = () => resolve({ verdict: 'unknown' });
      const cancel = this.deps.clock.after(this.deps.settings.doubtTimeoutMs, late);
      answer.then(resolve, reject).finally(cancel);
    });
  }
}
