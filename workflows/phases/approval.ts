import { CutoverFault } from '../../domain/faults';
import { type Gate } from '../../domain/runbook';
import { type Gates, type Question, type Verdict } from '../gates';

/** @throws CutoverFault GATE_REJECTED | GATE_TIMEOUT */
export function assertApproved(gate: Gate, verdict: Verdict, timeoutMs: number): void {
  if (verdict === undefined) {
    throw new CutoverFault(
      'GATE_TIMEOUT',
      `nobody decided gate ${gate} within ${timeoutMs} ms; start again when somebody can`,
    );
  }
  if (verdict.decision === 'approve') return;
  const note = verdict.note === undefined ? '' : `: ${verdict.note}`;
  throw new CutoverFault('GATE_REJECTED', `${verdict.by} rejected at gate ${gate}${note}`);
}

/** Asks, and returns only with a "yes". @throws CutoverFault GATE_REJECTED | GATE_TIMEOUT */
export async function mustApprove(gates: Gates, question: Question & { readonly timeoutMs: number }): Promise<void> {
  assertApproved(question.gate, await gates.ask(question), question.timeoutMs);
}
