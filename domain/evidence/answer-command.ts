import { type Decision, type Gate } from '../runbook';

export interface AnswerCommand {
  readonly gate: Gate;
  readonly decision: Decision;
  readonly question: string;
  /** As a shell takes them. */
  readonly config?: string;
  readonly by: string;
}

/** Which command line sends this decision. */
export function answerCommand({ gate, decision, question, config, by }: AnswerCommand): string {
  return [
    'hydra-cutover',
    decision === 'reject' ? 'reject' : 'approve',
    ...(config === undefined ? [] : ['--config', config]),
    '--gate',
    gate,
    ...(gate === 'intervene' ? ['--decision', decision] : []),
    '--question',
    question,
    '--by',
    by,
    ...(decision === 'skip' || decision === 'give_up' ? ['--note', '"why"'] : []),
  ].join(' ');
}
