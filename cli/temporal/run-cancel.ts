import { userInfo } from 'node:os';
import { WorkflowNotFoundError } from '@temporalio/common';
import { CANCEL_NOTE_SIGNAL, type CancelMessage } from '../../domain/cancel-note';
import { print, printJson, type CliContext } from '../context';
import { withCutover, type CutoverSession } from './cutover-session';
import { committedStep } from './committed-step';
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
  const said: CancelMessage = { by, note };
  return withCutover(config, context.env, async (session) => {
    const seen = await look(session);
    const isRequested = seen.temporal === 'RUNNING' && (await request(session, said));
    // One that ended in between has an end to tell.
    const { temporal, status, pending, workflowId } =
      isRequested || seen.temporal !== 'RUNNING' ? seen : await look(session);
    const isInside = committedStep(pending) !== null;
    const committed = isInside ? true : (status?.committed ?? null);
    const state = isRequested ? 'cancel_requested' : `already_${temporal.toLowerCase()}`;
    if (options.json) printJson(context, { verb: 'cancel', ok: true, workflowId, state, committed });
    else print(context, `${workflowId}: ${explain(temporal, state, committed)}\n`);
    return 0;
  });
}

/** @returns false when the run has just ended */
async function request({ handle }: CutoverSession, said: CancelMessage): Promise<boolean> {
  try {
    // Before the request, so that the run knows the reason when it begins to go back.
    await handle.signal(CANCEL_NOTE_SIGNAL, said);
    await handle.cancel();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

function explain(temporal: string, state: string, committed: boolean | null): string {
  if (isEndedByForce(temporal)) {
    return `${state}: ended by force, so that it undid nothing itself; look with \`hydra-cutover status --from-databases\`, it says whether \`repair\` is needed`;
  }
  if (temporal !== 'RUNNING') return `${state}, nothing to cancel`;
  if (committed === null) return 'cancel requested; no worker answers, so it happens when one is there';
  if (committed) return 'cancel requested, but the commit has no way back: gate intervene opens and a person decides';
  return 'cancel requested; it undoes what was done, see `hydra-cutover status --watch`';
}
