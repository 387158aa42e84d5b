import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle, WorkflowFailedError } from '@temporalio/client';
import { answerCommand } from '../../domain/evidence/answer-command';
import { CutoverFault } from '../../domain/faults';
import { type Report as CutoverReport } from '../../domain/receipts';
import { type AnyPhase, type CutoverStatus, type Gate, PHASE_TEXTS } from '../../domain/runbook';
import { type WorldInfo } from '../up';
import { mustSucceed } from './cli-process';

const POLL_MS = 500;
const DEMO_PERSON = 'demo';

export interface DriveOptions {
  readonly info: WorldInfo;
  readonly configFile: string;
  readonly env: Readonly<Record<string, string>>;
  /** A person decides in the Temporal UI or by CLI. */
  readonly manual: boolean;
  /** The step before the upgrade. @default false */
  readonly inPlace?: boolean;
  /** Called while a gate is open, before it is answered. */
  readonly beforeAnswer?: (gate: Gate, status: CutoverStatus) => Promise<void>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface DrivenUpgrade {
  readonly status: CutoverStatus;
  readonly report: CutoverReport;
}

/**
 * Starts the upgrade through the CLI, decides its gates (or waits for a person), and stays until the workflow is closed.
 * @throws CutoverFault COMMAND_FAILED | PERSON_NEEDED (a gate that no demo can answer)
 */
export async function driveUpgrade(options: DriveOptions): Promise<DrivenUpgrade> {
  const { info, configFile, env } = options;
  const connection = await Connection.connect({ address: info.temporal.address });
  try {
    const client = new Client({ connection, namespace: info.temporal.namespace });
    const how = options.inPlace === true ? ['--in-place'] : [];
    await mustSucceed(['start', ...how, '--config', configFile, '--by', DEMO_PERSON, '--note', 'npm run demo'], env);
    const handle = client.workflow.getHandle(`cutover/${environmentName()}`);
    if (options.manual) {
      const page = `${info.temporal.uiUrl}/namespaces/${info.temporal.namespace}/workflows/${encodeURIComponent(handle.workflowId)}`;
      options.say(`decide in the Temporal UI, ${page}, or in another shell`);
    }
    return await follow(handle, options);
  } finally {
    await connection.close();
  }
}

/** Of the world's config. */
export function environmentName(): string {
  return 'world';
}

async function follow(handle: WorkflowHandle, options: DriveOptions): Promise<DrivenUpgrade> {
  const told = new Set<AnyPhase>();
  const decided = new Set<string>();
  for (;;) {
    options.signal.throwIfAborted();
    const status = await handle.query<CutoverStatus>('status');
    for (const { name, durationMs } of status.phases) {
      if (durationMs === null || told.has(name)) continue;
      told.add(name);
      options.say(`${name.padEnd(12)} ${(durationMs / 1_000).toFixed(1).padStart(6)} s  ${PHASE_TEXTS[name]}`);
    }
    if (status.report !== null) return { status, report: status.report };
    if (status.awaiting !== null) await answer(status.awaiting.gate, status, options, decided);
    const { status: execution } = await handle.describe();
    if (execution.name !== 'RUNNING' && execution.name !== 'UNSPECIFIED') return closed(handle);
    await sleep(POLL_MS, undefined, { signal: options.signal });
  }
}

async function answer(gate: Gate, status: CutoverStatus, options: DriveOptions, decided: Set<string>): Promise<void> {
  const { awaiting } = status;
  if (awaiting === null || decided.has(awaiting.question)) return;
  decided.add(awaiting.question);
  if (options.manual) {
    for (const line of askedInShell(awaiting, options.configFile)) options.say(line);
    return;
  }
  if (gate === 'intervene') {
    // Of a small share little may be seen in the seconds that a demo watches it: a person would look once more.
    const sawTooLittle = options.inPlace === true && awaiting.decisions.includes('skip');
    if (sawTooLittle) return decide(awaiting, options, ['--decision', 'retry']);
    throw new CutoverFault('PERSON_NEEDED', `the upgrade needs a person: ${awaiting.why}`, { gate });
  }
  await options.beforeAnswer?.(gate, status);
  await decide(awaiting, options);
}

/** What a person types at a gate in the folder of the clone: the first shows what is asked and the evidence, each other is an answer. */
export function askedInShell(
  { gate, question, decisions }: Pick<NonNullable<CutoverStatus['awaiting']>, 'gate' | 'question' | 'decisions'>,
  config: string,
): readonly string[] {
  const answers = decisions.map((decision) => answerCommand({ gate, question, decision, config, by: 'YOUR_NAME' }));
  return [
    `gate ${gate} waits for you; what it is decided on, and the answers:`,
    ...[`hydra-cutover status --config ${config}`, ...answers].map((command) => `npx ${command}`),
  ];
}

async function decide(
  { gate, question }: Pick<NonNullable<CutoverStatus['awaiting']>, 'gate' | 'question'>,
  { configFile, env, say }: DriveOptions,
  decision: readonly string[] = [],
): Promise<void> {
  const asked = ['--gate', gate, '--question', question, ...decision];
  await mustSucceed(['approve', '--config', configFile, ...asked, '--by', DEMO_PERSON], env);
  say(`${decision.at(-1) ?? 'approved'}: gate ${gate}`);
}

async function closed(handle: WorkflowHandle): Promise<DrivenUpgrade> {
  const status = await handle.query<CutoverStatus>('status');
  if (status.report !== null) return { status, report: status.report };
  try {
    await handle.result();
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? (error.cause?.message ?? error.message) : String(error);
    throw new CutoverFault('COMMAND_FAILED', `the upgrade closed without a report: ${cause}`, {}, error);
  }
  throw new CutoverFault('INTERNAL', 'the upgrade closed without a report');
}
