import { type AnswersReceipt } from '../domain/receipts';
import { type StepInput } from '../domain/steps';
import { askBothSides } from './answers/both-sides';
import { withBlue } from './green/with-blue';
import { withGreenRows } from './green/with-green';
import { type Step } from './step';

/**
 * Rehearsals: asks Hydra on blue and on the migrated copy the same questions. Nothing is written to blue, which goes on meanwhile: what
 * somebody changed since the snapshot is left out. Changes nothing.
 *
 * @throws CutoverFault CROSSED_CONNECTION | DB_UNREACHABLE
 */
export const compareAnswers: Step<StepInput, AnswersReceipt> = (deps, input, context) =>
  withBlue(deps, context, 'compare answers', (blue) =>
    withGreenRows(deps, input, context, 'compare answers', (green) =>
      askBothSides(deps, { blue, green, carry: undefined }, context),
    ),
  );
