import { commandSaid } from '../../domain/command-said';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type CommandName } from '../../domain/ports/command-runner';
import { type SideName } from '../../domain/sides';
import { type StepInput } from '../../domain/steps';
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
  const result = await deps.commands.run(name, { env, signal });
  const { exitCode } = result;
  if (exitCode === 0) return true;
  throw new CutoverFault(
    'COMMAND_FAILED',
    `the command ${name} ended with ${exitCode ?? 'a signal'}. ${commandSaid(name, result)}`,
    { command: name, exitCode: exitCode ?? -1 },
  );
}

/** An undo may come when there is no green any more: then the command goes by name alone. */
async function addressEnv(deps: StepDeps, side: SideName): Promise<Record<string, string>> {
  try {
    const { host, port, database } = await deps.databases.address(side);
    return { CUTOVER_DB_HOST: host, CUTOVER_DB_PORT: String(port), CUTOVER_DB_NAME: database };
  } catch (error) {
    if (isCutoverFault(error) && error.code === 'DB_UNREACHABLE') return {};
    throw error;
  }
}
