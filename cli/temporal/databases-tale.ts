import { type Config } from '../../config/schema';
import { type Judgement } from '../../hydra/traces';
import type * as tracesModule from '../../hydra/traces';
import type * as workerModule from '../../workers/cli';
import { type CliContext } from '../context';
import { isEndedByForce, type Look } from './look';

/** What the databases alone say. */
export interface DatabasesTale extends Judgement {
  /** False when blue's database did not answer: then nothing is certain. */
  readonly isKnown: boolean;
  /** Whether there is anything of ours that a cutover in between has: the archive of one that is over does not count. */
  readonly isTouched: boolean;
  /** Blue's own word that the writes have left it. */
  readonly isCommitted: boolean;
}

/**
 * Never fails because a database or the provider does not answer.
 *
 * @param last what Temporal says of the last run: of one that it knows to have ended by force no worker brings anything to an end
 * @throws CutoverFault SECRET_UNUSABLE | SECRETS_UNREACHABLE
 */
export async function askDatabases(config: Config, { logger }: CliContext, last?: Look): Promise<DatabasesTale> {
  // Drivers and clients that only this needs.
  const { lookAtDatabases } = require('../../workers/cli') as typeof workerModule;
  const { judgeTraces, leftoversOf } = require('../../hydra/traces') as typeof tracesModule;
  const look = await lookAtDatabases(config, logger, config.checks.timeoutMs);
  const isKnown = !('unreachable' in look.source);
  const isTouched = [look.source, look.target].some((side) => !('unreachable' in side) && leftoversOf(side).isAny);
  const isCommitted = !('unreachable' in look.source) && look.source.arbiter?.state === 'committed';
  return { isKnown, isTouched, isCommitted, ...judgeTraces(look, endedByForce(last)) };
}

/** Blue answers, and nothing of a cutover is there: whatever was done was taken back. */
export function isTakenBack({ isKnown, isTouched }: Pick<DatabasesTale, 'isKnown' | 'isTouched'>): boolean {
  return isKnown && !isTouched;
}

/** A reset gives a run another id, and the cutover keeps its own. */
function endedByForce(last: Look | undefined): string | undefined {
  if (last === undefined || !isEndedByForce(last.temporal)) return undefined;
  return last.status?.cutoverId ?? last.runId;
}

export function renderTale({ cutoverId, phase, writes, traces, next }: DatabasesTale): string {
  const lines = [
    `by the databases: ${phase}${cutoverId === null ? '' : ` (cutover ${cutoverId})`}`,
    `who may write: ${writes}`,
    'what is there:',
    ...traces.map((line) => `  ${line}`),
    'what to do next:',
    ...next.map((line) => `  - ${line}`),
  ];
  return `${lines.join('\n')}\n`;
}
