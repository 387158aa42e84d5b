import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type Target } from '../../domain/ports/targets';
import { type ArbiterDescription } from '../../hydra/arbiter';
import { assertKnows, beginningsKnown, beginningsNoted } from '../../hydra/closing';
import { type StepContext, type StepDeps } from '../step';
import { everyParty } from '../switchover/parties';

/**
 * To be asked before the left side is: what the entered one noted before that is read, it must know.
 *
 * @returns tokens of the beginnings that the entered side has noted; undefined when it does not answer or is not that of this cutover
 */
export function notedOnEntered(
  { databases, direction: { to } }: Pick<StepDeps, 'databases' | 'direction'>,
  cutoverId: string,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<readonly string[] | undefined> {
  return databases
    .withSession(to, (entered) => beginningsNoted(entered, to, cutoverId), { signal, purpose: 'look for beginnings' })
    .catch((error: unknown) => {
      if (!isCutoverFault(error) || error.code !== 'DB_UNREACHABLE') throw error;
      return undefined;
    });
}

/**
 * An older copy of the left side knows nothing of what was begun since, and would give up what was committed. The entered side tells;
 * where it does not answer, those do who have staged an epoch, which they are told only once the arbiter has begun it.
 *
 * @param noted what `notedOnEntered` gave before this session with the left side began
 * @param read how a party is read; one that is `undefined` says nothing
 * @throws CutoverFault CROSSED_CONNECTION (it is older, or may be), and whatever `read` throws
 */
export async function assertNotOlder(
  deps: StepDeps,
  left: SqlClient,
  { cutoverId, attempts }: Pick<ArbiterDescription, 'cutoverId' | 'attempts'>,
  noted: readonly string[] | undefined,
  read: (party: Target) => Promise<Awaited<ReturnType<Target['read']>> | undefined> = (party) => party.read(),
): Promise<void> {
  const { direction } = deps;
  if (noted !== undefined) return assertKnows(await beginningsKnown(left), noted, { cutoverId, direction });
  const views = await Promise.all(
    everyParty(deps).map(async (party) => ({ name: party.name, view: await read(party) })),
  );
  const unknown = views.flatMap(({ name, view }) => {
    const staged = view?.stagedEpoch ?? null;
    if (view === undefined || staged === null || staged <= view.appliedEpoch) return [];
    return attempts.some(({ epoch }) => epoch === staged) ? [] : [`${name} (${staged})`];
  });
  if (unknown.length === 0) return;
  const { from, to } = direction;
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `epochs that the database reached as ${from} never began are staged: ${unknown.join(', ')}; it may be an older copy of ${from}, and ${to} ` +
      `of cutover ${cutoverId}, which would tell, is not reached. Nothing was changed. Correct ${from}.database and ${to}.database, then repeat`,
    { cutoverId, parties: unknown },
  );
}
