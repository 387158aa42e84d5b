import { type StepDeps } from '../step';
import { type Findings } from './findings';

/** A warning, because nothing of the cutover hangs on it: without the folder Temporal alone keeps the report. */
export async function checkReportFolder({ lookAtReportFolder }: StepDeps, findings: Findings): Promise<void> {
  const problem = await lookAtReportFolder?.();
  if (problem === undefined || problem === null) return;
  findings.warn(
    'report.to',
    `takes no report on this machine (${problem}): the report of this run would be kept by Temporal alone`,
    'make the folder, give the worker the right to write there, or make room, on every machine with a worker',
  );
}
