import { CancellationScope, log } from '@temporalio/workflow';
import { type Decision, type Phase } from '../domain/runbook';
import { causeOf, isJudgeable } from './failures';
import { intervene, type Gates } from './gates';
import { type CutoverRun } from './run';

/** Takes one phase back. `committed`: it is too late, from here it only goes forward. */
type Undo = () => Promise<'committed' | 'undone'>;

interface UndoEntry {
  readonly phase: Phase;
  readonly undo: Undo;
  /** What a person may decide when it fails. */
  readonly decisions: readonly Decision[];
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

  register(phase: Phase, undo: () => Promise<unknown>): void {
    const undone: Undo = async () => {
      await undo();
      return 'undone';
    };
    this.stack.push({ phase, undo: undone, decisions: ['retry', 'wait', 'accept'] });
  }

  /** The undo that decides whether there is a way back. Without its answer nothing below it may be undone: no `accept`. */
  registerClaim(phase: Phase, claim: () => Promise<{ readonly outcome: 'aborted' | 'committed' }>): void {
    const undo: Undo = async () => ((await claim()).outcome === 'committed' ? 'committed' : 'undone');
    this.stack.push({ phase, undo, decisions: ['retry', 'wait'] });
  }

  /** The commit: nothing is undone from here. */
  clear(): void {
    this.stack = [];
  }

  /**
   * Undoes the newest first, shielded from cancellation and to the end; a person is asked about an undo that fails.
   *
   * @param mark down to here
   * @returns `committed` when a claim found that it is too late; then nothing is undone any more
   */
  unwind(mark = 0): Promise<'committed' | 'undone'> {
    return CancellationScope.nonCancellable(async () => {
      while (this.stack.length > mark) {
        const entry = this.stack.pop();
        if (entry === undefined) break;
        if ((await this.undoOne(entry, mark === 0)) === 'committed') {
          this.clear();
          return 'committed';
        }
      }
      return 'undone';
    });
  }

  private async undoOne({ phase, undo, decisions }: UndoEntry, isReported: boolean): Promise<'committed' | 'undone'> {
    const { run } = this;
    const startedMs = Date.now();
    run.enter(phase);
    for (;;) {
      try {
        const outcome = await undo();
        const took = { phase, ok: true, durationMs: Date.now() - startedMs };
        if (outcome === 'undone' && isReported) run.undone.push(took);
        return outcome;
      } catch (error) {
        if (!isJudgeable(error)) throw error;
        const { code, message } = causeOf(error);
        log.error('undo failed', { cutoverId: run.cutoverId, phase, code });
        const decision = await intervene(this.gates, {
          why: `Undoing phase \`${phase}\` failed: ${code}: ${message}`,
          evidence: decisions.includes('accept')
            ? '`retry` tries this undo again, `accept` skips it (it stays in the report as not undone) and undoes the rest, `wait` notes that somebody is on it.'
            : '`retry` tries again, `wait` notes that somebody is on it. It cannot be skipped: only its answer says whether blue or green serves.',
          decisions,
          ifNobody: 'it stays open, and the undo stops here.',
        });
        if (decision === 'accept') {
          run.undone.push({ phase, ok: false, durationMs: Date.now() - startedMs, error: `${code}: ${message}` });
          return 'undone';
        }
      }
    }
  }
}
