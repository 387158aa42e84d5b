import { ApplicationFailure, condition, patched, setHandler, workflowInfo } from '@temporalio/workflow';
import { type News } from '../domain/asides';
import { asCutoverFault } from '../domain/faults';
import { hasNewReason, type Page } from '../domain/page/page';
import {
  GATES,
  type Decision,
  type DecisionAnswer,
  type DecisionMessage,
  type Gate,
  type RecordedDecision,
} from '../domain/runbook';
import { allDecisions, assertNamed, judgeDecision, type GateView, type OpenGate } from './decisions';
import { renderGate } from './details';
import { decideSignal, decideUpdate, statusQuery } from './messages';
import { iso, now, type CutoverRun } from './run';

/** So long before a gate's deadline it is told once more, or a quarter of its time. */
const LAST_CALL_MS = 3_600_000;
const NAMED_QUESTION = 'an approval of gate cutover names its question';
/** Runs that began before kept the question whatever its evidence came to say. */
const ASKED_ANEW = 'what speaks against it asks anew';

/** What a person is asked. */
export interface Question {
  readonly gate: Gate;
  readonly why: string;
  /** Nobody decides about what is not shown. */
  readonly evidence: Page;
  /** @default all that the gate has */
  readonly decisions?: readonly Decision[];
  /** null: it stays open until somebody decides. */
  readonly timeoutMs: number | null;
  readonly ifNobody: string;
  /** Closes the gate without a decision when it turns true. */
  readonly until?: () => boolean;
}

/** Undefined: the deadline passed, or `until` turned true. */
export type Verdict = RecordedDecision | undefined;

/**
 * The gates of one run: one is open at a time. The handlers are set when this is made, which is before the workflow first
 * waits, so that an early message is refused with a reason and not lost.
 */
export class Gates {
  private open: OpenGate | null = null;
  /** Shows the open gate with newer evidence. */
  private renewed: (evidence: Page) => void = () => undefined;
  private asked = 0;
  private last: RecordedDecision | null = null;
  private verdict: RecordedDecision | undefined;

  constructor(private readonly run: CutoverRun) {
    setHandler(statusQuery, () => run.status(), { description: 'Phases, what is awaited, decisions and the report.' });
    setHandler(decideUpdate, (message) => this.decide(message), {
      description: `Decides the open gate. Input: {"gate":"${Object.keys(GATES).join('|')}","decision":"${allDecisions().join('|')}","by":"your name","note":"optional","question":"as in Current Details; needed to approve cutover"}`,
      validator: (message) => this.validate(message),
    });
    setHandler(decideSignal, (message) => this.decideOrIgnore(message), {
      description:
        'As the Update `decide`, kept while no worker runs. A message that does not fit is noted and ignored.',
    });
  }

  /** Opens a gate, waits, and closes it. */
  async ask(question: Question): Promise<Verdict> {
    const { gate, why, timeoutMs, ifNobody, until = () => false } = question;
    const decisions = question.decisions ?? GATES[gate];
    const since = Date.now();
    const deadline = timeoutMs === null ? null : iso(since + timeoutMs);
    const { startedBy, approverIsNotStarter } = this.view();
    const isForAnybody = gate === 'intervene';
    const notBy = approverIsNotStarter && !isForAnybody ? startedBy : null;
    const approvers = isForAnybody ? [] : this.view().approvers;
    let shown = question.evidence;
    const show = (id: string): void => {
      const asked = { gate, question: id, decisions, why, deadline, evidence: shown };
      this.run.awaits({ ...asked, since: iso(since) }, renderGate({ ...asked, notBy, approvers, ifNobody }));
    };
    const pose = (): Partial<News> => {
      this.asked += 1;
      const id = `${gate}-${this.asked}-${workflowInfo().runId.slice(-8)}`;
      this.open = { gate, question: id, decisions };
      show(id);
      const news = { gate, question: id, why, verdict: shown.verdict, ...(deadline && { deadline }) };
      this.run.herald.tell(gate === 'intervene' ? 'person_needed' : 'gate_opened', news);
      return news;
    };
    this.verdict = undefined;
    let news = pose();
    this.renewed = (evidence) => {
      const isOtherwise = hasNewReason(shown.verdict, evidence.verdict);
      shown = evidence;
      if (isOtherwise && patched(ASKED_ANEW)) news = pose();
      else if (this.open !== null) show(this.open.question);
    };
    try {
      const decided = () => this.verdict !== undefined || until();
      if (timeoutMs === null) await condition(decided);
      else {
        const lastMs = Math.min(LAST_CALL_MS, Math.floor(timeoutMs / 4));
        if (!(await condition(decided, timeoutMs - lastMs, { summary: `last call at gate ${gate}` }))) {
          this.run.herald.tell('gate_closing', news);
          await condition(decided, lastMs, { summary: `deadline of gate ${gate}` });
        }
      }
      return this.verdict;
    } finally {
      this.open = null;
      this.run.awaits(null);
    }
  }

  /**
   * New evidence for the gate that is open. Where it speaks against a "yes" in a way that was not shown before it is another question,
   * which is told again: whoever read the earlier one has not read that. No effect behind the decision.
   */
  renew(evidence: Page): void {
    if (this.open !== null) this.renewed(evidence);
  }

  private validate(message: unknown): void {
    const decision = this.judged(message);
    orRefuse(() => assertNamed(decision));
  }

  private decide(message: unknown): DecisionAnswer {
    const decision = this.judged(message);
    // Closed at once: a second decision in the same moment must not win.
    this.open = null;
    this.verdict = { ...decision, at: now() };
    this.last = this.verdict;
    this.run.decisions.push(this.verdict);
    return { gate: decision.gate, recorded: decision.decision };
  }

  /** An exception in a signal handler would end the workflow without its undo. */
  private decideOrIgnore(message: unknown): void {
    try {
      // An approval that an older workflow took stays taken when its history is replayed.
      if (patched(NAMED_QUESTION)) assertNamed(this.judged(message));
      this.decide(message);
    } catch (error) {
      this.run.ignore(asCutoverFault(error).message);
    }
  }

  private judged(message: unknown): DecisionMessage {
    return orRefuse(() => judgeDecision(message, this.view()));
  }

  private view(): GateView {
    return {
      open: this.open,
      last: this.last,
      phase: this.run.phase,
      startedBy: this.run.startedBy,
      approverIsNotStarter: this.run.gateSettings?.approverIsNotStarter ?? false,
      approvalNeedsNote: tooManyWrites(this.run),
      approvers: this.run.gateSettings?.approvers ?? [],
    };
  }
}

/** By the evidence that the person reads. */
function tooManyWrites({ receipts: { evidence, plan } }: CutoverRun): string | null {
  const [seen, max] = [evidence?.writesPerSecond, plan?.gates.writesPerSecondMax];
  if (max === undefined || evidence === null) return null;
  if (seen == null) return `nobody knows how often clients write now, and gates.writesPerSecondMax is ${max}`;
  return seen > max ? `clients write ${seen} times per second (gates.writesPerSecondMax: ${max})` : null;
}

/** Makes of what a decision is refused with what its sender reads. */
function orRefuse<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    const fault = asCutoverFault(error);
    const refusal = ApplicationFailure.create({ type: fault.code, message: fault.message, nonRetryable: true });
    // The UI shows it to whoever decides, below the reason; it says nothing but where our files are.
    refusal.stack = '';
    throw refusal;
  }
}

/** What a person wants done, and in which words. */
export interface Intervention {
  readonly decision: 'retry' | 'skip' | 'give_up';
  readonly said: string;
}

/**
 * Opens gate `intervene` until a person says what to do. `wait` is recorded and leaves it open: somebody is on it.
 *
 * @returns undefined when `until` closed it
 */
export async function intervene(
  gates: Gates,
  question: Omit<Question, 'gate' | 'timeoutMs'>,
): Promise<Intervention | undefined> {
  for (;;) {
    const verdict = await gates.ask({ ...question, gate: 'intervene', timeoutMs: null });
    if (verdict === undefined) return undefined;
    const { decision, by, note } = verdict;
    if (decision === 'retry' || decision === 'skip' || decision === 'give_up') {
      return { decision, said: `${by}${note === undefined ? '' : `: ${note}`}` };
    }
  }
}
