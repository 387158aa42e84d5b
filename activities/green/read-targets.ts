import { isCutoverFault } from '../../domain/faults';
import { type StepDeps } from '../step';

/**
 * Reads back what every gateway and target serves.
 *
 * @returns what is not as `epoch` demands: one that fell back after it had confirmed, or does not answer
 */
export async function readTargets(
  deps: StepDeps,
  epoch: number,
): Promise<{ readonly problems: readonly string[]; readonly count: number }> {
  const all = [...deps.gateways, ...deps.targets];
  const findings = await Promise.all(
    all.map(async (target) => {
      try {
        const { appliedEpoch, appliedSide } = await target.read();
        if (appliedEpoch >= epoch && appliedSide === 'green') return [];
        return [
          `${target.name} serves ${appliedSide ?? 'neither side'} under epoch ${appliedEpoch}, not green under ${epoch}`,
        ];
      } catch (error) {
        if (!isCutoverFault(error)) throw error;
        return [`${target.name} does not say what it serves (${error.code})`];
      }
    }),
  );
  return { problems: findings.flat(), count: all.length };
}
