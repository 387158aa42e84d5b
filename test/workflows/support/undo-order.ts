import { COPY_UPGRADE } from '../../../domain/runbooks/copy-upgrade';
import { type PhaseRow, waysBack } from '../../../domain/runbooks/phase-row';
import { type StepName } from './fake-steps';

const rows: readonly (readonly [string, PhaseRow<StepName>])[] = Object.entries(COPY_UPGRADE);
const before = rows.filter(([, { isAfterCommit }]) => isAfterCommit !== true);
/** Every step of a real run between the plan and the commit, but for what is only read for the report. */
export const BEFORE_COMMIT: readonly StepName[] = before
  .flatMap(([, { acts }]) => acts)
  .filter((step) => !['preflight', 'readMetrics'].includes(step));

/** What must be undone, newest first, when `failing` was the last step that was called. */
export function undosAfter(failing: StepName): readonly StepName[] {
  const reached = BEFORE_COMMIT.slice(0, BEFORE_COMMIT.indexOf(failing) + 1);
  return waysBack(Object.fromEntries(before.filter(([, { acts }]) => acts.some((act) => reached.includes(act)))));
}

const undoNames = waysBack<StepName>(COPY_UPGRADE);
export const undosIn = (calls: readonly StepName[]) => calls.filter((name) => undoNames.includes(name));
