import { CancellationScope, log } from '@temporalio/workflow';
import { intervenePage, type InterveneKnown } from '../domain/evidence/intervene-page';
import { GATES, type AnyPhase } from '../domain/runbook';
import { causeOf, isJudgeable, type Cause } from './failures';
import { intervene, type Gates, type Intervention } from './gates';
import { type CutoverRun } from './run';

/** Takes one phase back. `committed`: it is too late, from here it only goes forward. */
type Undo = () => Promise<'committed' | 'undone'>;

interface GivenUp {
  readonly givenUpBy: string;
}

interface UndoEntry {
  readonly phase: AnyPhase;
  readonly undo: Undo;
  /** Says who serves: no `skip` and no `give_up`. */
  readonly isClaim: boolean;
}

/**
 * The undo stack. An undo is registered before its act, because an act that failed or timed out may have happened; it
 * tolerates that it did not.
 */
export class Saga {
  private stack: UndoEntry[] = [];

  constructor(
    private readonly run: CutoverRun,
    private readonly gates: Gates,
  ) {}

  /** To unwind to, later. */
  get mark(): number {
    return this.stack.length;
  }

  register(phase: AnyPhase, undo: () => Promise<unknown>): void {
    const undone: Undo = async () => {
      await undo();
      return 'undone';
    };
    this.stack.push({ phase, undo: undone, isClaim: false });
  }

  /** The undo that decides whether there is a way back. Without its answer nothing below it may be undone: no `skip`. */
  registerClaim(phase: AnyPhase, claim: () => Promise<{ readonly outcome: 'aborted' | 'committed' }>): void {
    const undo: Undo = async () => ((await claim()).outcome === 'committed' ? 'committed' : 'undone');
    this.stack.push({ phase, undo, isClaim: true });
  }

  /** The commit: nothing is undone from here. */
  clear(): void {
    this.stack = [];
  }

  /**
   * Undoes the newest first, shielded from cancellation and to the end; a person is asked about an undo that fails.
   *
   * @param mark down to here: the run goes on afterwards, and an undo that is skipped is done with the rest at its end
   * @returns `committed` when a claim found that it is too late; then nothing is undone any more
   */
  unwind(mark = 0): Promise<'committed' | 'undone'> {
    return CancellationScope.nonCancellable(async () => {
      const goesOn = mark > 0;
      const postponed: UndoEntry[] = [];
      while (this.stack.length > mark) {
        const entry = this.stack.pop();
        if (entry === undefined) break;
        const end = await this.undoOne(entry, goesOn);
        if (end === 'committed') {
          this.clear();
          return 'committed';
        }
        if (end === 'postponed') postponed.unshift(entry);
        else if (end !== 'undone') this.giveUp(entry, end);
      }
      this.stack.push(...postponed);
      return 'undone';
    });
  }

  /** @returns what a person said when giving up, else how it ended */
  private async undoOne(entry: UndoEntry, goesOn: boolean): Promise<'committed' | 'undone' | 'postponed' | GivenUp> {
    const { run } = this;
    const { phase, undo } = entry;
    const startedMs = Date.now();
    run.enter(phase);
    for (;;) {
      try {
        const outcome = await undo();
        const took = { phase, ok: true, durationMs: Date.now() - startedMs };
        if (outcome === 'undone' && !goesOn) run.undone.push(took);
        return outcome;
      } catch (error) {
        if (!isJudgeable(error)) throw error;
        const problem = causeOf(error);
        log.error('undo failed', { cutoverId: run.cutoverId, phase, code: problem.code });
        const answer = await this.askAbout(entry, problem, goesOn);
        if (answer === undefined || answer.decision === 'retry') continue;
        if (goesOn) return 'postponed';
        const failed = { phase, ok: false, durationMs: Date.now() - startedMs };
        const what = `${problem.code}: ${problem.message}`;
        if (answer.decision === 'skip') {
          run.undone.push({ ...failed, error: `${what}; skipped by ${answer.said}` });
          return 'undone';
        }
        run.undone.push({ ...failed, error: `${what}; given up by ${answer.said}` });
        return { givenUpBy: answer.said };
      }
    }
  }

  private askAbout(entry: UndoEntry, problem: Cause, goesOn: boolean): Promise<Intervention | undefined> {
    const below = this.stack.map(({ phase }) => phase).reverse();
    const answers = offer(entry.isClaim, goesOn, below.join(', ') || 'nothing is left');
    const why = `Undoing phase \`${entry.phase}\` failed: ${problem.code}: ${problem.message}`;
    const { phase, isClaim } = entry;
    return intervene(this.gates, {
      why,
      decisions: GATES.intervene.filter((decision) => decision === 'wait' || answers[decision] !== undefined),
      evidence: intervenePage(
        this.run.interveneKnown({ phase, problem: why, serves: isClaim ? 'unknown' : 'blue', answers }),
      ),
      ifNobody: 'it stays open, and the undo stops here.',
    });
  }

  /** Nothing below is touched any more; the report names each. */
  private giveUp(at: UndoEntry, { givenUpBy }: GivenUp): void {
    for (const { phase } of this.stack.reverse()) {
      this.run.undone.push({ phase, ok: false, durationMs: 0, error: `given up at ${at.phase} by ${givenUpBy}` });
    }
    this.stack = [];
  }
}

/** What a person may do about an undo that failed, and what comes of it. */
function offer(isClaim: boolean, goesOn: boolean, below: string): InterveneKnown['answers'] {
  if (isClaim) {
    return { retry: 'tries again; it cannot be skipped: only its answer says whether blue or green serves' };
  }
  const retry = 'tries this undo again';
  if (goesOn) return { retry, skip: 'leaves it until the run ends' };
  return {
    retry,
    skip: `leaves it and undoes the rest (${below}); it stays in the report as not undone`,
    give_up: 'leaves it and the rest; all of it stays in the report as not undone',
  };
}
