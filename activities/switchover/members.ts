import { FORGET_IT, type KnownMember, LIST_IT, SPLIT_IT } from '../../domain/known-gateways';
import { type SideName } from '../../domain/sides';
import { type GatewayView } from '../../domain/ports/targets';
import { type FenceAnswer, readMembers } from '../../hydra/arbiter';
import { type Attempt } from './attempt';
import { forAll } from './parties';
import { within } from './within';

/**
 * Before anything is held: every gateway that has ever been a member is on the list, and reaches the arbiter now. Those that ask no arbiter
 * over PostgreSQL, and those that were never a member, only the list knows.
 *
 * @returns what keeps an attempt from its fence; null when nothing does
 */
export async function memberProblems({ deps, sessions, tools }: Attempt): Promise<string | null> {
  const views = await forAll(deps.gateways, async (gateway) => ({ name: gateway.name, view: await gateway.state() }));
  const asked = readMembers(sessions.left);
  const members = await within(tools.patience.questionMs, 'reading the members', 'DB_UNREACHABLE', asked);
  const problems = againstList(
    deps.direction.from,
    views.map(({ name, view }) => ({ name, member: view.member })),
    members,
  );
  return problems.length === 0 ? null : problems.join('; ');
}

export interface ListedGateway {
  readonly name: string;
  readonly member: GatewayView['member'];
}

/** @returns what keeps a fence on `side` away: listed gateways that are cut off from its arbiter, and members that are not listed */
export function againstList(
  side: SideName,
  gateways: readonly ListedGateway[],
  members: readonly KnownMember[],
): string[] {
  const listed = new Set(gateways.map(({ member }) => member?.id));
  const lapsed = gateways.flatMap(({ name, member }) =>
    member === null || member.isAlive ? [] : [`gateway ${name} does not reach ${side}'s arbiter, where it is a member`],
  );
  const others = members.flatMap(({ member, name, isAlive, silentMs }) => {
    if (listed.has(member)) return [];
    const since = `silent for ${Math.round(silentMs / 1_000)} s`;
    return [
      `gateway ${name} may forward to ${side} and is none of those listed (${isAlive ? `it beats; ${LIST_IT}` : `${since}; ${FORGET_IT}`})`,
    ];
  });
  const doubled = members.flatMap(({ name, isDoubled }) =>
    isDoubled === true ? [`two processes beat as gateway ${name} (${SPLIT_IT})`] : [],
  );
  return [...lapsed, ...others, ...doubled];
}

/** @returns which members a fence would have met */
export function otherMembers({ alive = [], silent = [] }: Extract<FenceAnswer, { ok: false }>): string {
  const told = [
    ...alive.map(
      (name) =>
        `gateway ${name} may forward writes and has not said that it holds, or two processes beat as it (${LIST_IT})`,
    ),
    ...silent.map((name) => `of gateway ${name} nobody knows whether it forwards writes (${FORGET_IT})`),
  ];
  return told.join('; ');
}
