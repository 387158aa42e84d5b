import { setTimeout as sleep } from 'node:timers/promises';
import { type WorkflowHandle } from '@temporalio/client';
import { type Gate } from '../../../domain/runbook';
import { type Report } from '../../../domain/receipts';
import { statusOf, type Handle } from '../support/environment';
import { type Scene } from './misbehaviour';
import { type Row } from './row';

/** What a case came to, in the words of its row. */
export interface Result extends Row {
  /** How Temporal shows the run: the type of the failure that closed it, else its state. */
  readonly closes: string;
  /** Gates that were asked behind the step's first try, but for `intervene`. */
  readonly gatesBehind: number;
  readonly violations: readonly string[];
  readonly report: Report;
}

/** Far more than any case takes on a busy machine: the longest waits for a beat for 20 s. */
const CASE_MS = 600_000;
/** A run that was just begun or answered moves soon; any other is looked at ever less: each look is work for server and worker. */
const FIRST_LOOK_MS = 250;
const LOOK_MS_MAX = 4_000;
const HISTORY_LOOK_MS = 1_000;
const SCENE_LOOK_MS = 50;

const ENDS = { refused: 'refused', undone: 'undone', cancelled: 'cancelled', completed: 'completed' } as const;

/**
 * Brings one run to its end as its row says: approves, rejects behind the step, cancels while it runs, and answers gate
 * `intervene` in the row's order.
 *
 * @throws Error on a gate that the row does not foresee
 */
export async function playCase(handle: Handle, scene: Scene, row: Row): Promise<Result> {
  const asked: Row['asked'][number][] = [];
  let rejected = false;
  let gatesBehind = 0;
  let lookMs = FIRST_LOOK_MS;
  const decide = async (gate: Gate, question: string) => {
    const answered = gate === 'intervene' ? row.asked[asked.length] : undefined;
    if (gate === 'intervene' && answered === undefined) {
      throw new Error(`nobody foresaw: ${(await statusOf(handle)).awaiting?.why}`);
    }
    if (gate !== 'intervene' && scene.tries > 0) gatesBehind += 1;
    if (answered !== undefined) asked.push(answered);
    if (answered === 'retry') scene.isMended = true;
    const reject = scene.column === 'rejected' && scene.tries > 0 && !rejected && gate !== 'intervene';
    rejected ||= reject;
    const decision = answered ?? (reject ? 'reject' : 'approve');
    await handle.executeUpdate('decide', { args: [{ gate, decision, by: 'tests', note: 'row', question } as never] });
  };
  for (const deadline = Date.now() + CASE_MS; ;) {
    if (Date.now() > deadline) throw new Error(`still under way: ${JSON.stringify(await statusOf(handle))}`);
    if (isToBeCancelled(scene)) {
      scene.cancelSent = true;
      await handle.cancel();
      scene.isTold = await isPassedOn(handle);
    }
    const { awaiting, report } = await statusOf(handle);
    if (awaiting?.evidence.facts.length === 0) throw new Error(`gate ${awaiting.gate} shows nothing: ${awaiting.why}`);
    if (report !== null) return { ...(await resultOf(handle, scene, asked, report)), gatesBehind };
    if (awaiting !== null && !mustWait(scene, row, awaiting.gate)) {
      await decide(awaiting.gate, awaiting.question).catch(ignoreClosed);
      lookMs = FIRST_LOOK_MS;
    } else {
      for (const start = performance.now(); performance.now() - start < lookMs && !isToBeCancelled(scene);)
        await sleep(SCENE_LOOK_MS);
      lookMs = Math.min(2 * lookMs, LOOK_MS_MAX);
    }
  }
}

/** Its step runs until then. */
function isToBeCancelled({ column, tries, cancelSent }: Scene): boolean {
  return column === 'cancelled' && tries > 0 && !cancelSent;
}

/** Whether the run, having seen the cancel request, has asked a step to stop. */
async function isPassedOn(handle: Handle): Promise<boolean> {
  for (;;) {
    const events = (await handle.fetchHistory()).events ?? [];
    const behindRequest = events.slice(
      events.findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes) + 1,
    );
    const startedAt = behindRequest.findIndex((event) => event.workflowTaskStartedEventAttributes);
    const isSeen = behindRequest.slice(startedAt).some((event) => event.workflowTaskCompletedEventAttributes);
    if (behindRequest.length < events.length && startedAt >= 0 && isSeen)
      return behindRequest.some((event) => event.activityTaskCancelRequestedEventAttributes);
    await sleep(HISTORY_LOOK_MS);
  }
}

/** The sync runs beside its gate: the gate is answered when what goes wrong has gone wrong, or never if it ends the run. */
function mustWait({ step, tries, column }: Scene, { attempts, end }: Row, gate: Gate): boolean {
  if (step !== 'keepInSync' || gate !== 'cutover') return false;
  return tries < attempts || (column !== 'rejected' && end !== 'completed');
}

/** A gate may close while its answer is under way: a sync that failed, a cancel request. */
function ignoreClosed(error: unknown): void {
  const { cause } = error as { readonly cause?: { readonly type?: string } };
  if (cause?.type !== 'GATE_NOT_OPEN') throw error;
}

async function resultOf(
  handle: Handle,
  scene: Scene,
  asked: Row['asked'],
  report: Report,
): Promise<Omit<Result, 'gatesBehind'>> {
  const { world, tries } = scene;
  const incomplete = report.undone.some(({ ok }) => !ok);
  const writes = world.writes;
  if (writes === 'nobody') throw new Error('nobody may write at the end');
  return {
    end: incomplete ? 'incomplete' : ENDS[report.outcome as keyof typeof ENDS],
    writes,
    undone: world.undone,
    attempts: tries,
    asked,
    left: world.left,
    closes: await closingOf(handle),
    violations: world.violations,
    report,
  };
}

async function closingOf(handle: WorkflowHandle): Promise<string> {
  const failure = await handle.result().then(
    () => undefined,
    (error: { readonly cause?: { readonly type?: string } }) => error.cause,
  );
  return failure?.type ?? (await handle.describe()).status.name;
}
