import { isCutoverFault } from '../../domain/faults';
import { type Gateway, type Target } from '../../domain/ports/targets';
import { type StepDeps } from '../step';
import { readMembers } from '../../hydra/arbiter';
import { type SqlClient } from '../../domain/ports/sql-client';
import { againstList } from '../switchover/members';
import { olderProtocol } from '../switchover/parties';
import { leftToGateways } from './left-to-gateways';

/** @returns why gateways and targets could not move now, and who would keep the fence away */
export async function partyProblems({ gateways, targets, settings }: StepDeps, blue: SqlClient): Promise<string[]> {
  const looks = [...gateways.map((gateway) => gatewayProblems(gateway, settings)), ...targets.map(targetProblems)];
  return [...(await Promise.all(looks)).flat(), ...(await strangers(gateways, blue))];
}

/** Nobody is called a stranger while a listed gateway is away: it may be that one. */
async function strangers(gateways: readonly Gateway[], blue: SqlClient): Promise<string[]> {
  const asked = gateways.map(async (gateway) => ({ name: gateway.name, member: (await gateway.state()).member }));
  const listed = await Promise.allSettled(asked);
  const seen = listed.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return seen.length < listed.length ? [] : againstList('blue', seen, await readMembers(blue));
}

async function gatewayProblems(gateway: Gateway, settings: StepDeps['settings']): Promise<string[]> {
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
      ...leftToGateways(settings)
        .filter(({ feature }) => view.keys?.[feature] === 'foreign')
        .map(({ keys }) => `gateway ${gateway.name} ${keys.areForeign}; ${keys.fix}`),
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
