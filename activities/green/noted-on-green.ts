import { isCutoverFault } from '../../domain/faults';
import { beginningsOnGreen } from '../../hydra/closing';
import { type StepContext, type StepDeps } from '../step';

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
