import { isCutoverFault } from '../../domain/faults';
import { type Gateway, type Target } from '../../domain/ports/targets';
import { type StepDeps } from '../step';
import { readMembers } from '../../hydra/arbiter';
import { type SqlClient } from '../../domain/ports/sql-client';
import { againstList } from '../switchover/members';
import { olderProtocol } from '../switchover/parties';
import { leftToGateways } from './left-to-gateways';

/** @returns why gateways and targets could not move now, and who would keep the fence away */
export async function partyProblems(deps: StepDeps, left: SqlClient): Promise<string[]> {
  const looks = [
    ...deps.gateways.map((gateway) => gatewayProblems(deps, gateway)),
    ...deps.targets.map((target) => targetProblems(deps, target)),
  ];
  return [...(await Promise.all(looks)).flat(), ...(await strangers(deps, left))];
}

/** Nobody is called a stranger while a listed gateway is away: it may be that one. */
async function strangers({ gateways, direction }: StepDeps, left: SqlClient): Promise<string[]> {
  const asked = gateways.map(async (gateway) => ({ name: gateway.name, member: (await gateway.state()).member }));
  const listed = await Promise.allSettled(asked);
  const seen = listed.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  return seen.length < listed.length ? [] : againstList(direction.from, seen, await readMembers(left));
}

async function gatewayProblems(deps: StepDeps, gateway: Gateway): Promise<string[]> {
  const { from, to } = deps.direction;
  return orReason(`gateway ${gateway.name}`, async () => {
    const view = await gateway.state();
    const { mode, ready } = view;
    const { appliedSide } = await gateway.read();
    const older = olderProtocol(gateway.name, view);
    return [
      ...(older === null ? [] : [older]),
      ...(mode === 'pass' ? [] : [`gateway ${gateway.name} is in mode ${mode}, not pass`]),
      ...(appliedSide === from ? [] : [`gateway ${gateway.name} serves ${appliedSide ?? 'neither side'}, not ${from}`]),
      ...[from, to]
        .filter((side) => !ready[side])
        .map((side) => `gateway ${gateway.name} does not find Hydra on ${side} ready`),
      ...leftToGateways(deps)
        .filter(({ feature }) => view.keys?.[feature] === 'foreign')
        .map(({ keys }) => `gateway ${gateway.name} ${keys.areForeign}; ${keys.fix}`),
    ];
  });
}

async function targetProblems({ direction: { from } }: StepDeps, target: Target): Promise<string[]> {
  return orReason(`target ${target.name}`, async () => {
    const { appliedSide } = await target.read();
    return appliedSide === from ? [] : [`target ${target.name} serves ${appliedSide ?? 'neither side'}, not ${from}`];
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
