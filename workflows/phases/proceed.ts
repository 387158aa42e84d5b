import { proceedPage } from '../../domain/evidence/proceed-page';
import { type PreparingPhase } from '../../domain/runbook';
import { type Cutover } from '../cutover';
import { mustApprove } from './approval';

/**
 * Runs a phase that prepares green, once a person let it begin where the config wants to be asked.
 *
 * @throws CutoverFault GATE_REJECTED | GATE_TIMEOUT
 */
export async function inPreparingPhase<T>(cutover: Cutover, phase: PreparingPhase, work: () => Promise<T>): Promise<T> {
  const { run, gates } = cutover;
  const { before = [], cutoverTimeoutMs: timeoutMs } = run.plan.gates;
  if (before.includes(phase)) {
    await mustApprove(gates, {
      gate: 'proceed',
      why: `Phase \`${phase}\` comes next. \`approve\` begins it; \`reject\` takes everything back.`,
      evidence: proceedPage(run.plan, phase, run.receipts, run.known.phases),
      timeoutMs,
      ifNobody: 'the run is undone; blue goes on serving.',
    });
  }
  return run.inPhase(phase, work);
}
