import { type SideName } from './sides';

/** What to do about gateways that would forward writes to a fenced blue. */
export const LIST_IT = 'list it in `gateways`, or stop it';
export const SPLIT_IT =
  'one was started on a copy of the state file of the other: stop it, and start it without that file';
export const FORGET_IT = 'bring it back, or, when it is gone for good, `hydra-cutover enrol --forget NAME`';

/** A gateway as the config lists it, by its own word. */
export type ListedGateway =
  | {
      readonly name: string;
      /** At an arbiter, which may be another one than blue's. Null: it asks none over PostgreSQL. */
      readonly member: { readonly id: string; readonly isAlive: boolean } | null;
      readonly serves: SideName | null;
      readonly epoch: number;
    }
  | { readonly name: string; readonly problem: string };

/** A gateway as blue's arbiter knows it. */
export interface KnownMember {
  readonly member: string;
  readonly name: string;
  readonly isAlive: boolean;
  /** Since its last lease ended, by that database's clock; negative while it lives. */
  readonly silentMs: number;
  /** The newest attempt that it said it knows of; 0 where there is none. */
  readonly boundEpoch: number;
  /** Two processes beat as it. */
  readonly isDoubled?: boolean;
}

/**
 * `before`: there are no members before the capture is enabled. `none`: it asks no arbiter over PostgreSQL, so that only the list knows it.
 * `elsewhere`: blue's arbiter does not know it although it has one. `unknown`: it does not answer.
 */
export type Membership = 'beats' | 'silent' | 'before' | 'none' | 'elsewhere' | 'unknown';

/** What is known of one gateway. Plain JSON; no addresses. */
export interface KnownGateway {
  /** As in the config; of one that is not listed as it calls itself. */
  readonly name: string;
  readonly isListed: boolean;
  readonly membership: Membership;
  /** Until its lease ends, negative since then, by blue's clock; null without a lease. */
  readonly leaseMs: number | null;
  /** By its own word; null where that is not known. */
  readonly serves: SideName | null;
  readonly epoch: number | null;
  /** The newest attempt that it has acknowledged; null: none. */
  readonly acknowledged: number | null;
  /** Null: nothing is to be done. */
  readonly advice: string | null;
}

/** What blue's arbiter tells. `before`: it has none yet. `unknown`: nobody could ask. */
export type KnownMembers = readonly KnownMember[] | 'before' | 'unknown';

/** `isTaken`: green takes its writes. Before that nobody is enrolled; whoever finishes the switchover tells them all. */
export interface CommittedEpoch {
  readonly epoch: number;
  readonly isTaken: boolean;
}

/**
 * @param committed the epoch with which writes left blue: then nobody's lease keeps anything waiting, and who serves blue is to be told
 * @returns those of the list in its order, then the others
 */
export function knownGateways(
  listed: readonly ListedGateway[],
  members: KnownMembers,
  committed: CommittedEpoch | null = null,
): readonly KnownGateway[] {
  const known = typeof members === 'string' ? [] : members;
  const ids = new Set(listed.map((each) => ('member' in each ? each.member?.id : undefined)));
  const others = known.filter(({ member }) => !ids.has(member));
  const mayBeListed = listed.some((each) => 'problem' in each);
  return [
    ...listed.map((each) => listedGateway(each, members, committed)),
    ...others.map((member) => ({
      ...{ name: member.name, isListed: false, serves: null, epoch: null, ...leaseOf(member) },
      advice: otherAdvice(member, mayBeListed, committed !== null),
    })),
  ];
}

function otherAdvice({ isAlive }: KnownMember, mayBeListed: boolean, isCommitted: boolean): string | null {
  if (!isAlive && isCommitted) return null;
  return `${mayBeListed ? 'it may be the listed one that does not answer; else ' : ''}${isAlive ? LIST_IT : FORGET_IT}`;
}

function listedGateway(gateway: ListedGateway, members: KnownMembers, committed: CommittedEpoch | null): KnownGateway {
  const { name } = gateway;
  const nothing = { name, isListed: true, leaseMs: null, serves: null, epoch: null, acknowledged: null };
  if ('problem' in gateway) {
    return { ...nothing, membership: 'unknown', advice: `${gateway.problem}; start it, or take it off the list` };
  }
  const { member, serves, epoch } = gateway;
  const found = typeof members === 'string' ? undefined : members.find((each) => each.member === member?.id);
  const lease = found === undefined ? { membership: withoutLease(member, members) } : leaseOf(found);
  const seen = { ...nothing, serves, epoch, ...lease };
  if (found?.isDoubled === true) return { ...seen, advice: `two processes beat as it: ${SPLIT_IT}` };
  if (committed === null) return { ...seen, advice: adviceBefore(seen.membership, member) };
  const isBehind = serves !== 'green' || epoch < committed.epoch;
  return { ...seen, advice: isBehind ? adviceBehind(name, committed) : null };
}

function adviceBehind(name: string, { isTaken }: CommittedEpoch): string {
  if (isTaken) return `it still serves the old side: \`hydra-cutover enrol --name ${name}\``;
  return 'it is informed of the commit when the switchover is finished, not before';
}

function withoutLease(member: { readonly isAlive: boolean } | null, members: KnownMembers): Membership {
  if (member === null) return 'none';
  return typeof members === 'string' ? members : 'elsewhere';
}

const CUT_OFF = "it does not reach blue's arbiter, so that no switchover begins; look at `doubt.blue` of its config";

function adviceBefore(membership: Membership, member: { readonly isAlive: boolean } | null): string | null {
  switch (membership) {
    case 'none':
      return 'only the list knows of it, and once it is cut off nobody can say whether it forwards before its hold is over; set `doubt.kind: postgres` in its config';
    case 'elsewhere':
      return member?.isAlive === true
        ? 'it is a member at another arbiter: correct `doubt.blue` of its config'
        : CUT_OFF;
    case 'silent':
      return CUT_OFF;
    case 'beats':
    case 'before':
    case 'unknown':
      return null;
  }
}

function leaseOf({ isAlive, silentMs, boundEpoch }: KnownMember) {
  return {
    membership: isAlive ? ('beats' as const) : ('silent' as const),
    leaseMs: Math.round(-silentMs),
    acknowledged: boundEpoch === 0 ? null : boundEpoch,
  };
}
