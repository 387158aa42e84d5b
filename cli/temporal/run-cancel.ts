import { userInfo } from 'node:os';
import { CANCEL_NOTE_SIGNAL, type CancelMessage } from '../../domain/cancel-note';
import { printJson, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadForTemporal, type EnvironmentOptions } from './environment-options';
import { isEndedByForce, look } from './look';

export interface CancelOptions extends EnvironmentOptions {
  /** A claim. @default the login name */
  readonly by?: string;
  readonly note?: string;
}

/** @throws CutoverFault CUTOVER_UNKNOWN | TEMPORAL_UNREACHABLE */
export async function runCancel(options: CancelOptions, context: CliContext): Promise<number> {
  const config = loadForTemporal(options, context);
  const { by = userInfo().username, note } = options;
  const said: CancelMessage = { by, ...(note === undefined ? {} : { note }) };
  return withCutover(config, context.env, async (session) => {
    const { temporal, status, workflowId } = await look(session);
    const isRunning = temporal === 'RUNNING';
    // Before the request, so that the run knows the reason when it begins to go back.
    if (isRunning) await session.handle.signal(CANCEL_NOTE_SIGNAL, said);
    if (isRunning) await session.handle.cancel();
    const committed = status === null ? null : status.committed;
    const state = isRunning ? 'cancel_requested' : `already_${temporal.toLowerCase()}`;
    if (options.json) printJson(context, { verb: 'cancel', ok: true, workflowId, state, committed });
    else context.stdout.write(`${workflowId}: ${explain(temporal, state, committed)}\n`);
    return 0;
  });
}

function explain(temporal: string, state: string, committed: boolean | null): string {
  if (isEndedByForce(temporal)) {
    return `${state}: ended by force, and nothing was undone; look with \`hydra-cutover status --from-databases\`, it says whether \`repair\` is needed`;
  }
  if (temporal !== 'RUNNING') return `${state}, nothing to cancel`;
  if (committed === null) return 'cancel requested; no worker answers, so it happens when one is there';
  if (committed) return 'cancel requested, but the commit has no way back: gate intervene opens and a person decides';
  return 'cancel requested; it undoes what was done, see `hydra-cutover status --watch`';
}
