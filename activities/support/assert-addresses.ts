import { lookup } from 'node:dns/promises';
import { CutoverFault } from '../../domain/faults';
import { type StepDeps } from '../step';
import { instanceIdOf } from './of-side';

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Two databases that are copies of each other cannot tell which one is the original. The provider can: no side's address may lead
 * to the instance of the other side.
 *
 * @throws CutoverFault CROSSED_CONNECTION | RDS_UNREACHABLE | DB_UNREACHABLE
 */
export async function assertAddresses(deps: StepDeps): Promise<void> {
  const { from, to } = deps.direction;
  for (const [side, other] of [
    [from, to],
    [to, from],
  ] as const) {
    const otherInstanceId = instanceIdOf(deps, other);
    const endpoint = (await deps.provider.describeInstance(otherInstanceId))?.endpoint;
    const address = await deps.databases.address(side);
    if (endpoint === undefined || !(await samePlace(address, endpoint))) continue;
    throw new CutoverFault(
      'CROSSED_CONNECTION',
      `the address of ${side}'s database (${address.host}:${address.port}) is that of instance ${otherInstanceId}, which is the other side; nothing was changed; correct the config`,
      { side, instanceId: otherInstanceId },
    );
  }
}

async function samePlace(a: Endpoint, b: Endpoint): Promise<boolean> {
  if (a.port !== b.port) return false;
  if (a.host.toLowerCase() === b.host.toLowerCase()) return true;
  const [first, second] = [await addressesOf(a.host), await addressesOf(b.host)];
  return first.some((address) => second.includes(address));
}

/** A name that does not resolve here leads nowhere, at least not to the other side. */
async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}
