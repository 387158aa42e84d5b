import { MODES, NAME_LENGTH_MAX, NOTE_LENGTH_MAX, cutoverWorkflowId, type UpgradeInput } from '../domain/runbook';
import { isJsonObject } from '../domain/json';

const EXAMPLE = '{"environment":"production","by":"you@example.org"}';

export interface ReadInput {
  /** As far as it could be understood. */
  readonly input: UpgradeInput;
  readonly problems: readonly string[];
}

/** Reads what started the workflow: from the Temporal UI that is any JSON, or nothing at all. */
export function readInput(raw: unknown, workflowId: string): ReadInput {
  const fields = isJsonObject(raw) ? raw : {};
  const problems: string[] = [];
  const text = (name: string, max: number): string | undefined => {
    const value = fields[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string' && value.trim() !== '' && value.length <= max) return value.trim();
    problems.push(`"${name}" must be text of 1 to ${max} characters`);
    return undefined;
  };
  const environment = text('environment', NAME_LENGTH_MAX);
  const [by, note, configDigest] = [
    text('by', NAME_LENGTH_MAX),
    text('note', NOTE_LENGTH_MAX),
    text('configDigest', 128),
  ];
  const mode = MODES.find((known) => known === (fields['mode'] ?? 'real'));
  if (environment === undefined && problems.length === 0) problems.push('"environment" is missing');
  if (mode === undefined) problems.push(`"mode" must be one of ${MODES.join(', ')}`);
  if (problems.length > 0) problems.push(`start it with for example ${EXAMPLE}`);
  else if (environment !== undefined && workflowId !== cutoverWorkflowId(environment)) {
    problems.push(
      `the workflow id is "${workflowId}"; start it as "${cutoverWorkflowId(environment)}", because that id keeps two cutovers of one environment apart`,
    );
  }
  return {
    problems,
    input: {
      environment: environment ?? 'unknown',
      mode: mode ?? 'real',
      ...(by === undefined ? {} : { by }),
      ...(note === undefined ? {} : { note }),
      ...(configDigest === undefined ? {} : { configDigest }),
    },
  };
}
