import { isCutoverFault } from '../../domain/faults';
import { type KnownGateway, type KnownMember, knownGateways, type ListedGateway } from '../../domain/known-gateways';
import { type Gateway } from '../../domain/ports/targets';
import { type SqlClient } from '../../domain/ports/sql-client';
import { readMembers } from '../../hydra/arbiter';
import { hasOurs } from '../../hydra/ours';

/** Asks every listed gateway, and the left side's arbiter for its members. One that does not answer is told as such. */
export async function readGateways(gateways: readonly Gateway[], left: SqlClient): Promise<readonly KnownGateway[]> {
  return listedAnd(gateways, (await hasOurs(left, 'hydra_cutover.member')) ? await readMembers(left) : null);
}

/** The same, of members that are known. @param members null: nobody can be one yet */
export async function listedAnd(
  gateways: readonly Gateway[],
  members: readonly KnownMember[] | null,
): Promise<readonly KnownGateway[]> {
  return knownGateways(await Promise.all(gateways.map(askGateway)), members ?? 'before');
}

/** Never fails. */
export async function askGateway(gateway: Gateway): Promise<ListedGateway> {
  const { name } = gateway;
  try {
    const { member } = await gateway.state();
    const { appliedSide, appliedEpoch } = await gateway.read();
    return { name, member, serves: appliedSide, epoch: appliedEpoch };
  } catch (error) {
    // The text of an error that nobody foresaw may hold anything.
    return { name, problem: isCutoverFault(error) ? `${error.code}: ${error.message}` : 'it could not be read' };
  }
}
