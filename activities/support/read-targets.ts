import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { type StepDeps } from '../step';

/** What gateways and targets say of themselves, read back. */
export interface TargetReadings {
  readonly count: number;
  /** Those that do not serve the entered side under the epoch, in words. */
  readonly fallen: readonly string[];
  /** Those that do not answer. */
  readonly silent: readonly { readonly name: string; readonly problem: string }[];
  /** All of it, in words. */
  readonly problems: readonly string[];
}

/**
 * Reads back what every gateway and target serves.
 *
 * @returns what is not as `epoch` demands: one that fell back after it had confirmed, or does not answer
 */
export async function readTargets(
  { direction: { to }, gateways, targets }: Pick<StepDeps, 'direction' | 'gateways' | 'targets'>,
  epoch: number,
): Promise<TargetReadings> {
  const all = [...gateways, ...targets];
  const fallen: string[] = [];
  const silent: TargetReadings['silent'][number][] = [];
  for (const { name, outcome } of await Promise.all(all.map(readOne))) {
    if ('code' in outcome) silent.push({ name, problem: `${outcome.code}: ${name} does not say what it serves` });
    else if (outcome.appliedEpoch < epoch || outcome.appliedSide !== to) {
      const serves = `serves ${outcome.appliedSide ?? 'neither side'} under epoch ${outcome.appliedEpoch}`;
      fallen.push(`TARGET_FELL_BACK: ${name} ${serves}, not ${to} under ${epoch}`);
    }
  }
  return { count: all.length, fallen, silent, problems: [...fallen, ...silent.map(({ problem }) => problem)] };
}

/**
 * Before something is done that relies on it.
 * @throws CutoverFault TARGET_FELL_BACK | TARGET_UNREACHABLE (retryable)
 */
export async function assertTargetsServe(
  deps: Pick<StepDeps, 'direction' | 'gateways' | 'targets'>,
  epoch: number,
  before: string,
): Promise<void> {
  const { fallen, silent } = await readTargets(deps, epoch);
  if (fallen.length > 0) {
    const what = fallen.map((problem) => problem.replace('TARGET_FELL_BACK: ', '')).join('; ');
    const fix = `bring it to ${deps.direction.to}'s configuration and look why it left it; ${before} waits for that`;
    throw new CutoverFault('TARGET_FELL_BACK', `${what}; ${fix}`, { epoch });
  }
  if (silent.length === 0) return;
  const names = silent.map(({ name }) => name);
  const what = `${names.join(', ')} did not say what ${names.length === 1 ? 'it serves' : 'they serve'}`;
  throw new CutoverFault('TARGET_UNREACHABLE', `${what}; check that it runs; ${before} waits for that`, {
    epoch,
    names,
  });
}

async function readOne(target: StepDeps['targets'][number]) {
  try {
    return { name: target.name, outcome: await target.read() };
  } catch (error) {
    if (!isCutoverFault(error)) throw error;
    return { name: target.name, outcome: { code: error.code } };
  }
}
