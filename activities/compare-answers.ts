import { type AnswersReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { askBothSides } from './answers/both-sides';
import { withLeft } from './support/with-left';
import { withEnteredRows } from './support/with-entered';
import { type Step } from './step';

/**
 * Rehearsals: asks Hydra on the left side and on the migrated copy the same questions. Nothing is written to the left side, which goes on meanwhile: what
 * somebody changed since the snapshot is left out. Changes nothing.
 *
 * @throws CutoverFault CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const compareAnswers: Step<StepInput, AnswersReceipt> = (deps, input, context) =>
  withLeft(deps, context, 'compare answers', (left) =>
    withEnteredRows(deps, input, context, 'compare answers', (entered) =>
      askBothSides(deps, { left, entered, carry: undefined }, context),
    ),
  );
