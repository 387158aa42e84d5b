import { setTimeout as sleep } from 'node:timers/promises';
import { asCutoverFault, CutoverFault, isCutoverFault } from '../../domain/faults';
import {
  GATEWAY_PROTOCOL,
  type Gateway,
  type GatewayView,
  type Target,
  type TargetView,
} from '../../domain/ports/targets';
import { type SideName } from '../../domain/sides';
import { type StepDeps } from '../step';
import { within } from './within';

/** Shorter than the time in which a step has to give a sign of life. */
const TELL_LIMIT_MS = 2_500;

/** Gateways and targets together: everything that is flipped. */
export function everyParty(deps: Pick<StepDeps, 'gateways' | 'targets'>): readonly Target[] {
  return [...deps.gateways, ...deps.targets];
}

/**
 * Does `work` for all of them at once and waits for every one, also when one fails.
 * @throws CutoverFault the first failure, after all others ended
 */
export async function forAll<Party extends Target, T>(
  parties: readonly Party[],
  work: (party: Party) => Promise<T>,
): Promise<T[]> {
  const results = await Promise.allSettled(parties.map(work));
  return results.map((result) => {
    if (result.status === 'rejected') throw asCutoverFault(result.reason);
    return result.value;
  });
}

/** @throws CutoverFault TARGET_REFUSED when it does not serve `side` for `epoch`, whatever it answered to the apply */
export function assertServes(side: SideName, name: string, view: TargetView, epoch: number): void {
  if (view.appliedEpoch === epoch && view.appliedSide === side) return;
  throw new CutoverFault(
    'TARGET_REFUSED',
    `${name} serves ${view.appliedSide ?? 'a state of neither side'} at epoch ${view.appliedEpoch} after ${side} was applied for epoch ${epoch}; look at its configuration`,
    { name, epoch, appliedEpoch: view.appliedEpoch },
  );
}

/**
 * After the commit there is one state to be in: one that lost its record, was replaced, or was made to give the epoch up, is told that
 * it was committed. Only after the arbiter said so: nobody can refuse it for good.
 * @returns what it serves then, by its own word
 */
export async function bringTo(side: SideName, party: Target, epoch: number): Promise<TargetView> {
  try {
    // The short way, in the pause: a gateway that is told asks its arbiter before it believes.
    return await party.apply(epoch);
  } catch (error) {
    if (!isCutoverFault(error) || error.code !== 'TARGET_REFUSED') throw error;
    return party.tellCommitted(epoch, side);
  }
}

/**
 * Everybody who serves `side` for `epoch` learns that it was committed, so that no late revert is taken. Nobody waits for it: the
 * requests go on already.
 * @returns who did not take it, with the reason
 */
export async function tellEverybody(
  side: SideName,
  parties: readonly Target[],
  epoch: number,
): Promise<RevertedParties['left']> {
  const tries = await Promise.all(
    parties.map(async (party) => {
      const told = within(TELL_LIMIT_MS, 'being told', 'TARGET_UNREACHABLE', party.tellCommitted(epoch, side));
      return told.then(
        () => [],
        (error: unknown) => [{ name: party.name, reason: asCutoverFault(error).message }],
      );
    }),
  );
  return tries.flat();
}

/** A gateway may hold for an epoch before the one that is given up; no attempt of this cutover up to it can be committed. */
async function revertUpTo(party: Target, epoch: number): Promise<void> {
  const view = await party.read();
  const { stagedEpoch } = view;
  if (stagedEpoch !== null && stagedEpoch < epoch) await party.revert(stagedEpoch);
  // A newer epoch is another switchover's, and has displaced what was staged for this one.
  if (view.highestEpoch <= epoch) await party.revert(epoch);
}

export interface RevertedParties {
  /** Names of those that did not answer, with the last reason. */
  readonly left: readonly { readonly name: string; readonly reason: string }[];
}

/** Gives `epoch` up everywhere, trying again for `patienceMs`. Idempotent; tolerates an epoch that never arrived. */
export async function revertParties(
  parties: readonly Target[],
  epoch: number,
  patienceMs: number,
): Promise<RevertedParties> {
  const deadline = performance.now() + patienceMs;
  let open = parties.map((party) => ({ party, reason: '' }));
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 1_000)) {
    const tries = await Promise.all(
      open.map(async ({ party }) => {
        const reason = await revertUpTo(party, epoch).then(
          () => null,
          (error: unknown) => asCutoverFault(error).message,
        );
        return { party, reason };
      }),
    );
    open = tries.flatMap(({ party, reason }) => (reason === null ? [] : [{ party, reason }]));
    if (open.length === 0 || performance.now() + waitMs > deadline) break;
    await sleep(waitMs);
  }
  return { left: open.map(({ party, reason }) => ({ name: party.name, reason })) };
}

/** @returns the gateways among `gateways` that cannot send requests to `to` now, as sentences */
export async function gatewayProblems(to: SideName, gateways: readonly Gateway[]): Promise<readonly string[]> {
  const views = await forAll(gateways, async (gateway) => ({ name: gateway.name, view: await gateway.state() }));
  return views.flatMap(({ name, view }) => {
    const older = olderProtocol(name, view);
    if (older !== null) return [older];
    if (view.mode !== 'pass') return [`gateway ${name} is in mode ${view.mode}, not pass`];
    return view.ready[to] ? [] : [`gateway ${name} does not find ${to} ready`];
  });
}

/** @returns why this worker cannot move the writes of that gateway; null when it can */
export function olderProtocol(name: string, { protocol }: GatewayView): string | null {
  if (protocol >= GATEWAY_PROTOCOL) return null;
  return `gateway ${name} speaks protocol ${protocol} (needed: ${GATEWAY_PROTOCOL}): it would keep readers waiting and show them what is over; update it`;
}
