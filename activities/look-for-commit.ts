import { type DatabaseSession } from '../domain/ports/databases';
import { type ArbiterDescription, type AttemptDescription, describeArbiter } from '../hydra/arbiter';

/** What blue's arbiter says of one cutover. Only looks. */
export interface CommitSeen {
  readonly state: ArbiterDescription['state'] | 'no arbiter';
  /** Absent: it is not committed, or the arbiter is another cutover's. */
  readonly committed?: AttemptDescription;
}

export async function lookForCommit(blue: DatabaseSession, cutoverId: string): Promise<CommitSeen> {
  const found = await describeArbiter(blue);
  const committed = found?.attempts.find(({ state }) => state === 'committed');
  const isOurs = found?.cutoverId === cutoverId && committed !== undefined;
  return { state: found?.state ?? 'no arbiter', ...(isOurs && { committed }) };
}
