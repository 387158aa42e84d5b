import { type DatabaseSession } from '../domain/ports/databases';
import { type ArbiterDescription, type AttemptDescription, describeArbiter } from '../hydra/arbiter';

/** What the arbiter of the left side says of one cutover. Only looks. */
export interface CommitSeen {
  readonly state: ArbiterDescription['state'] | 'no arbiter';
  /** Absent: it is not committed, or the arbiter is another cutover's. */
  readonly committed?: AttemptDescription;
}

export async function lookForCommit(left: DatabaseSession, cutoverId: string): Promise<CommitSeen> {
  const found = await describeArbiter(left);
  const committed = found?.attempts.find(({ state }) => state === 'committed');
  const isOurs = found?.cutoverId === cutoverId && committed !== undefined;
  return { state: found?.state ?? 'no arbiter', ...(isOurs && { committed }) };
}
