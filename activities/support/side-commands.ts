import { isCutoverFault } from '../../domain/faults';
import { type CommandName } from '../../domain/ports/command-runner';
import { type SideName } from '../../domain/sides';
import { type StepInput } from '../../domain/steps';
import { mustRun } from '../hydra-process';
import { type StepContext, type StepDeps } from '../step';

/**
 * Runs one of the commands that start or stop a Hydra, telling it which database is meant.
 *
 * @returns false when the config has no such command: then a person or another system does it
 * @throws CutoverFault COMMAND_FAILED (also for a code other than 0)
 */
export async function runSideCommand(
  deps: StepDeps,
  name: CommandName,
  side: SideName,
  { cutoverId }: StepInput,
  { signal }: Pick<StepContext, 'signal'>,
): Promise<boolean> {
  if (!deps.commands.has(name)) return false;
  const env = { CUTOVER_ID: cutoverId, CUTOVER_SIDE: side, ...(await addressEnv(deps, side)) };
  await mustRun(deps.commands, name, { env, signal });
  return true;
}

/** An undo may come when there is no such side any more: then the command goes by name alone. */
async function addressEnv(deps: StepDeps, side: SideName): Promise<Record<string, string>> {
  try {
    const { host, port, database } = await deps.databases.address(side);
    return { CUTOVER_DB_HOST: host, CUTOVER_DB_PORT: String(port), CUTOVER_DB_NAME: database };
  } catch (error) {
    if (isCutoverFault(error) && error.code === 'DB_UNREACHABLE') return {};
    throw error;
  }
}
