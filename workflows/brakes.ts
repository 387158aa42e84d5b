import { ApplicationFailure, setHandler } from '@temporalio/workflow';
import { applyBrake } from '../domain/brake';
import { asCutoverFault } from '../domain/faults';
import { type BrakeState } from '../domain/runbook';
import { brakeQuery, brakeSignal, brakeUpdate } from './messages';
import { now, type CutoverRun } from './run';

/**
 * Keeps what a person set for the reading of blue. Steps that read blue ask for it while they run, so that nothing has to be started or
 * cancelled for a change.
 */
export function listenForBrakes(run: CutoverRun): void {
  setHandler(brakeQuery, () => run.brake, { description: 'What was set for the reading of blue; null: nothing.' });
  setHandler(brakeUpdate, (message) => run.setBrake(judged(message, run)), {
    description:
      'Slows, pauses or resumes the reading of blue. Input: {"paused":true|false,"rowsPerSecond":1000|null,"by":"your name","note":"optional"}',
    validator: (message) => void judged(message, run),
  });
  setHandler(
    brakeSignal,
    (message) => {
      try {
        run.setBrake(judged(message, run));
      } catch (error) {
        run.ignore(asCutoverFault(error).message);
      }
    },
    {
      description:
        'As the Update `brake`, kept while no worker runs. A message that does not fit is noted and ignored.',
    },
  );
}

function judged(message: unknown, run: CutoverRun): BrakeState {
  try {
    return applyBrake(message, run.brake, now());
  } catch (error) {
    const fault = asCutoverFault(error);
    const refusal = ApplicationFailure.create({ type: fault.code, message: fault.message, nonRetryable: true });
    refusal.stack = '';
    throw refusal;
  }
}
