import { isCutoverFault } from '../../domain/faults';
import { type Gateway, type Target } from '../../domain/ports/targets';
import { type StepDeps } from '../step';
import { olderProtocol } from '../switchover/parties';

/** @returns why gateways and targets could not move now */
export async function partyProblems({ gateways, targets }: StepDeps): Promise<string[]> {
  const looks = [...gateways.map(gatewayProblems), ...targets.map(targetProblems)];
  return (await Promise.all(looks)).flat();
}

async function gatewayProblems(gateway: Gateway): Promise<string[]> {
  return orReason(`gateway ${gateway.name}`, async () => {
    const view = await gateway.state();
    const { mode, ready } = view;
    const { appliedSide } = await gateway.read();
    const older = olderProtocol(gateway.name, view);
    return [
      ...(older === null ? [] : [older]),
      ...(mode === 'pass' ? [] : [`gateway ${gateway.name} is in mode ${mode}, not pass`]),
      ...(appliedSide === 'blue' ? [] : [`gateway ${gateway.name} serves ${appliedSide ?? 'neither side'}, not blue`]),
      ...(['blue', 'green'] as const)
        .filter((side) => !ready[side])
        .map((side) => `gateway ${gateway.name} does not find Hydra on ${side} ready`),
    ];
  });
}

async function targetProblems(target: Target): Promise<string[]> {
  return orReason(`target ${target.name}`, async () => {
    const { appliedSide } = await target.read();
    return appliedSide === 'blue' ? [] : [`target ${target.name} serves ${appliedSide ?? 'neither side'}, not blue`];
  });
}

async function orReason(who: string, look: () => Promise<string[]>): Promise<string[]> {
  try {
    return await look();
  } catch (error) {
    // The text of an error that nobody foresaw may hold anything.
    return [`${who}: ${isCutoverFault(error) ? `${error.code}: ${error.message}` : 'could not be read'}`];
  }
}
