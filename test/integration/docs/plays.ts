import { type Gate } from '../../../domain/runbook';
import { type Operator } from './operator';
import { type Stage } from './stage';

export interface Scene {
  readonly stage: Stage;
  readonly operator: Operator;
}

/** How a documented command is executed. */
export interface Play {
  /** Brings the stage to where the command belongs. @returns what stands for placeholders of the documents */
  readonly prepare?: (scene: Scene, words: readonly string[]) => Promise<Readonly<Record<string, string>> | void>;
  /** What it may end with. @default [0] */
  readonly codes?: readonly number[];
  /** `background`: goes on while the next commands run, and must end with the run. `service`: runs until it says this. */
  readonly as?: 'background' | { readonly untilSaid: string };
  readonly environment?: Readonly<Record<string, string>>;
  /** Whatever ran before it, it does the same: of a line that stands in several documents the first is executed. @default false */
  readonly isOnce?: boolean;
  /** What must hold afterwards. */
  readonly proof?: (scene: Scene) => Promise<void>;
}

const gateOf = (words: readonly string[]): Gate => optionOf(words, '--gate') as Gate;

function optionOf(words: readonly string[], name: string): string | undefined {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
}

const decision: Play = {
  prepare: async ({ operator }, words) => {
    const isUndo = optionOf(words, '--decision') === 'give_up';
    await operator.atGate(gateOf(words), isUndo ? 'back' : 'forward');
    const question = (await operator.look()).status?.awaiting?.question;
    return { '--question': question ?? 'none is open' };
  },
};

/** At a gate the run goes nowhere before the command has come. */
const braking: Play = { prepare: ({ operator }) => operator.atGate('plan') };

const onSchedule: Play = {
  prepare: async ({ stage, operator }, words) => {
    await stage.cli(['schedule', 'create', '--config', 'hydra-cutover.yaml', '--allow-production']);
    if (words.includes('trigger')) await operator.settle();
  },
};

/** It must not do the work of the steerable worker: its steps are the real ones. */
const OWN_QUEUE = { HYDRA_CUTOVER_TEMPORAL__TASK_QUEUE: 'docs-real-worker', HYDRA_CUTOVER_LOG__LEVEL: 'info' };
const OWN_VERSION = { ...OWN_QUEUE, HYDRA_CUTOVER_WORKER__VERSIONING__DEPLOYMENT_NAME: 'docs-real-worker' };

/**
 * By verb, for `schedule` also by action. A new verb in the documents needs a play here; `test/e2e` plays all of it on a world
 * where both sides have a Hydra and gateways, which this stage has not.
 */
const VERBS: Readonly<Record<string, (words: readonly string[]) => Play>> = {
  doctor: (words) => ({ isOnce: true, codes: words.includes('--config') ? [3] : [0, 3] }),
  privileges: (words) => ({ isOnce: true, codes: words.includes('--check') ? [0, 3] : [0] }),
  worker: (words) => ({
    isOnce: true,
    as: { untilSaid: 'worker started' },
    environment: words.includes('--make-current') ? OWN_VERSION : OWN_QUEUE,
  }),
  plan: () => ({ isOnce: true, codes: [3] }),
  start: (words) => {
    const prepare: Play['prepare'] = async ({ operator, stage }) => {
      await operator.settle();
      return { '--config-digest': stage.configDigest() };
    };
    if (!words.includes('--wait') || words.includes('rehearse')) return { prepare };
    const isOn: Play['proof'] = ({ operator }) => operator.until(({ temporal }) => temporal === 'RUNNING', 'its start');
    return { prepare, as: 'background', codes: [0, 4], proof: isOn };
  },
  status: (words) => {
    if (words.includes('--from-databases')) return {};
    const prepare: Play['prepare'] = ({ operator }) => operator.underWay();
    return words.includes('--watch') ? { prepare, as: 'background', codes: [0, 4] } : { prepare, codes: [0, 5] };
  },
  approve: () => decision,
  reject: () => decision,
  pause: () => braking,
  resume: () => braking,
  cancel: () => ({ prepare: ({ operator }) => operator.underWay() }),
  repair: () => ({
    prepare: async ({ stage, operator }) => {
      // Refused beside a run that is under way.
      await operator.settle();
      return { '--cutover-id': await stage.leaveCutover() };
    },
  }),
  report: () => ({ prepare: ({ operator }) => operator.completed() }),
  history: () => ({}),
  // The config is that of a production.
  'schedule create': (words) => ({ codes: words.includes('--allow-production') ? [0] : [3] }),
  'schedule list': () => ({}),
  'schedule pause': () => onSchedule,
  'schedule unpause': () => onSchedule,
  'schedule trigger': () => onSchedule,
  'schedule delete': () => onSchedule,
};

const withVersion: Play = { prepare: ({ stage }) => stage.startVersion() };

/** By the words before the first option. */
const TEMPORAL: Readonly<Record<string, Play>> = {
  'worker deployment list': withVersion,
  'worker deployment describe': withVersion,
  'worker deployment set-current-version': withVersion,
  'workflow update-options': {
    prepare: async ({ stage, operator }) => {
      await operator.atGate('plan');
      await stage.startVersion();
    },
    // The version to which the run was moved answers for it.
    proof: ({ operator }) => operator.until(({ status }) => status !== null, 'an answer of the other version'),
  },
};

/** @returns undefined for a command that nothing here can execute */
export function playOf(words: readonly string[]): Play | undefined {
  const [program = '', ...rest] = words[0] === 'npx' ? words.slice(1) : words;
  const named = rest
    .slice(
      0,
      Math.max(
        0,
        [...rest, '-'].findIndex((word) => word.startsWith('-')),
      ),
    )
    .join(' ');
  if (program === 'temporal') return TEMPORAL[named];
  if (program !== 'hydra-cutover') return undefined;
  return VERBS[named]?.(words);
}
