import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type Target } from '../../domain/ports/targets';
import { type ArbiterDescription } from '../../hydra/arbiter';
import { assertKnows, beginningsOnBlue, beginningsOnGreen } from '../../hydra/closing';
import { type StepContext, type StepDeps } from '../step';
import { everyParty } from '../switchover/parties';

/**
 * To be asked before blue is: what green noted before blue is read, blue must know.
 *
 * @returns tokens of the beginnings that green has noted; undefined when it does not answer or is no green of this cutover
 */
export function notedOnGreen(
  { databases }: Pick<StepDeps, 'databases'>,
  cutoverId: string,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<readonly string[] | undefined> {
  return databases
    .withSession('green', (green) => beginningsOnGreen(green, cutoverId), { signal, purpose: 'look for beginnings' })
    .catch((error: unknown) => {
      if (!isCutoverFault(error) || error.code !== 'DB_UNREACHABLE') throw error;
      return undefined;
    });
}

/**
 * An older copy of blue knows nothing of what was begun since, and would give up what was committed. Green tells; where it does not
 * answer, those do who have staged an epoch, which they are told only once the arbiter has begun it.
 *
 * @param noted what `notedOnGreen` gave before this session with blue began
 * @param read how a party is read; one that is `undefined` says nothing
 * @throws CutoverFault CROSSED_CONNECTION (it is older, or may be), and whatever `read` throws
 */
export async function assertNotOlder(
  deps: StepDeps,
  blue: SqlClient,
  { cutoverId, attempts }: Pick<ArbiterDescription, 'cutoverId' | 'attempts'>,
  noted: readonly string[] | undefined,
  read: (party: Target) => Promise<Awaited<ReturnType<Target['read']>> | undefined> = (party) => party.read(),
): Promise<void> {
  if (noted !== undefined) return assertKnows(await beginningsOnBlue(blue), noted, cutoverId);
  const views = await Promise.all(
    everyParty(deps).map(async (party) => ({ name: party.name, view: await read(party) })),
  );
  const unknown = views.flatMap(({ name, view }) => {
    const staged = view?.stagedEpoch ?? null;
    if (view === undefined || staged === null || staged <= view.appliedEpoch) return [];
    return attempts.some(({ epoch }) => epoch === staged) ? [] : [`${name} (${staged})`];
  });
  if (unknown.length === 0) return;
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `epochs that the database reached as blue never began are staged: ${unknown.join(', ')}; it may be an older copy of blue, and green ` +
      `of cutover ${cutoverId}, which would tell, is not reached. Nothing was changed. Correct blue.database and green.database, then repeat`,
    { cutoverId, parties: unknown },
  );
}
