import { CutoverFault } from '../../domain/faults';
import { isTakenBack, type DatabasesTale } from './databases-tale';
import { isEndedByForce, type Look } from './look';

/** What the databases say as far as it decides whether a new run may stand in front of the last one. */
export type Standing = Pick<DatabasesTale, 'isKnown' | 'isTouched' | 'isCommitted' | 'isFinalized' | 'phase' | 'next'>;

/** Whether the last run may have left something that keeps a new one from beginning: only the databases know. */
export function mayBeHidden(last: Look): boolean {
  return last.temporal !== 'RUNNING' && (leftSomething(last) || movedTheWrites(last));
}

/**
 * A run is found by its workflow id, and a new one stands in front of it. One that preflight would refuse a moment later would only hide
 * the last one, so it is refused before it begins.
 *
 * @returns undefined: nothing speaks against a new one
 */
export function whyHidden(last: Look, tale: Standing): CutoverFault | undefined {
  const { workflowId, startedAt, temporal } = last;
  const of = `the last run of ${workflowId}, of ${startedAt},`;
  const details = { workflowId, startedAt };
  if (leftSomething(last) && tale.isFinalized !== true) {
    if (isTakenBack(tale)) return undefined;
    const how = isEndedByForce(temporal) ? `was ended by force (${temporal})` : 'ended with something not undone';
    return new CutoverFault(
      'CUTOVER_RUNNING',
      `${of} ${how}, and a new one would hide it. By the databases: ${tale.phase}. ${tale.next.join('; ')}. Nothing was started`,
      details,
    );
  }
  const isOver = movedTheWrites(last) || tale.isFinalized === true;
  if (!isOver || !tale.isKnown || !tale.isCommitted) return undefined;
  return new CutoverFault(
    'CHECK_FAILED',
    `${of} ${isEndedByForce(temporal) ? 'was ended by force' : 'completed'}, and the writes have left this blue for good: a new run would be refused, and hide that one. By the databases: ${tale.phase}. The next upgrade has a config of its own, whose blue is the green of this one. Nothing was started`,
    details,
  );
}

function leftSomething({ temporal, report }: Look): boolean {
  return isEndedByForce(temporal) || report?.undone.every(({ ok }) => ok) === false;
}

/** A step in place moves them too, and the upgrade follows it on the same database. */
function movedTheWrites({ report }: Look): boolean {
  return report?.outcome === 'completed' && report.inPlace === undefined;
}
