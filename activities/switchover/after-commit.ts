import { setTimeout as sleep } from 'node:timers/promises';
import { asCutoverFault, CutoverFault } from '../../domain/faults';
import { type Gateway } from '../../domain/ports/targets';
import { type ResultOf } from '../../domain/switchover';
import { hasTakenWrites, mayReadHere } from '../../hydra/arbiter';
import { commitOpening, readArbiter } from '../../hydra/arbiter/arbiter';
import { isStillClean, lookAround } from './around-fence';
import { type Attempt } from './attempt';
import { beginToOpen, untilWritersAreHeld } from './begin-to-open';
import { informAnew } from './inform-gateways';
import { assertServes, bringTo, forAll } from './parties';
import { within } from './within';

const PING_MS = 1_000;
/** A look at the left side that is older is not the last moment before the entered one opens. */
const RECENT_MS = 250;

/** That the entered side took the writes of the epoch is final, so that reading it is enough. */
export async function lookAtEntered(run: Attempt): Promise<ResultOf<'lookAtEntered'>> {
  // One that is still on its way would otherwise begin behind the end of what its session has open.
  await run.opening?.catch(() => undefined);
  run.opening = null;
  run.lastLook = null;
  const entered = await run.sessions.answeringEntered();
  const { enteredMs } = run.tools.patience;
  const seen = await within(enteredMs, `looking at ${run.enteredSide}`, 'DB_UNREACHABLE', readArbiter(entered));
  return hasTakenWrites(seen, run.enteredSide) && seen.epoch === run.theEpoch ? 'open' : 'closed';
}

/** Whether something went around the fence. The entered side begins to open meanwhile; {@link lookAtEntered} takes that back. */
export function lookAroundFence(run: Attempt): Promise<ResultOf<'lookAround'>> {
  beginToOpen(run);
  return lookAround(run);
}

/** From here until the entered side is open its writers wait and do not fail. */
export async function holdWriters(run: Attempt): Promise<ResultOf<'holdWriters'>> {
  await untilWritersAreHeld(run);
  return 'ok';
}

/** Targets use the entered side, and gateways send new reads there alone: whoever reads next must see what is written next. */
export async function applyTargets(run: Attempt): Promise<ResultOf<'applyTargets'>> {
  const flipping = bothDone(bringTargets(run), moveReads(run)).then(() => {
    // Beside the reading back: both are after everybody was told, and both before the entered side opens.
    run.lastLook = run.input.fence === 'open' ? null : lookOnceMore(run);
    return readTargetsBack(run);
  });
  const [flipped, isHeld] = await Promise.all([
    flipping.then(
      () => undefined,
      (error: unknown) => ({ error }),
    ),
    isHeldUntil(run, flipping),
  ]);
  if (!isHeld) return 'session_lost';
  if (flipped !== undefined) throw flipped.error;
  return 'ok';
}

async function bringTargets(run: Attempt): Promise<void> {
  await forAll(run.deps.targets, (target) => bringTo(run.enteredSide, target, run.theEpoch));
}

/** What counts is what each serves, not what it answered. */
async function readTargetsBack(run: Attempt): Promise<void> {
  const epoch = run.theEpoch;
  await forAll(run.deps.targets, async (target) => {
    assertServes(run.enteredSide, target.name, await target.read(), epoch);
    run.flipped.set(target.name, { name: target.name, kind: 'target', epoch });
  });
}

function lookOnceMore(run: Attempt): NonNullable<Attempt['lastLook']> {
  const isClean = isStillClean(run);
  // Whoever needs it waits for it.
  isClean.catch(() => undefined);
  return { at: performance.now(), isClean };
}

async function moveReads(run: Attempt): Promise<void> {
  await forAll(run.deps.gateways, async (gateway) => {
    if (run.readsMoved.has(gateway)) return;
    await moveReadsOf(run, gateway);
    run.readsMoved.add(gateway);
  });
}

async function moveReadsOf(run: Attempt, gateway: Gateway): Promise<void> {
  try {
    await gateway.moveReads(run.theEpoch, run.enteredSide);
  } catch (error) {
    const fault = asCutoverFault(error);
    // One that has lost its state, and asks nobody, serves what it is told.
    if (fault.code === 'TARGET_REFUSED') await gateway.tellCommitted(run.theEpoch, run.enteredSide);
    // By its own clock it has given its hold up, and forwards nothing before it has asked.
    else if (fault.code !== 'TARGET_UNREACHABLE' || (await mayStillRead(run, gateway))) throw fault;
    else run.deps.log.warn({ ...run.names, gateway: gateway.name, err: fault }, 'gateway away longer than its hold');
  }
}

/**
 * Whether a gateway that does not answer may send reads to the left side: not once its lease is over, or the arbiter has told it of the
 * commit. Of one whose lease nobody knows only the deadline of its hold tells.
 */
async function mayStillRead(run: Attempt, gateway: Gateway): Promise<boolean> {
  if (run.areHoldsOver) return false;
  const member = run.members.get(gateway);
  return member === undefined || run.sessions.askLeft((left) => mayReadHere(left, member, run.theEpoch));
}

/** @throws the first failure, after both ended */
async function bothDone(first: Promise<void>, second: Promise<void>): Promise<void> {
  await Promise.allSettled([first, second]);
  await Promise.all([first, second]);
}

/** Targets may take long; without the lock writers of the entered side fail, and a session that says nothing loses it. */
async function isHeldUntil(run: Attempt, work: Promise<unknown>): Promise<boolean> {
  const isOver = work.then(
    () => true,
    () => true,
  );
  try {
    do
      await within(
        run.tools.patience.enteredMs,
        run.enteredSide,
        'DB_UNREACHABLE',
        run.sessions.entered.query('SELECT 1'),
      );
    while (!(await Promise.race([isOver, sleep(PING_MS, false, { ref: false })])));
    return true;
  } catch {
    return false;
  }
}

export async function confirmTargets(run: Attempt): Promise<ResultOf<'confirmTargets'>> {
  await bringTargets(run);
  await readTargetsBack(run);
  return 'ok';
}

/** Begun once everybody was told; made anew when reading the targets back took long. */
function lastLook(run: Attempt): Promise<boolean> {
  const look = run.lastLook;
  run.lastLook = null;
  return look !== null && performance.now() - look.at < RECENT_MS ? look.isClean : isStillClean(run);
}

/**
 * The left side is asked once more, unless a person has decided without it: flipping the targets may have taken long, and this is the last
 * moment in which something of it can be carried.
 *
 * @returns `lost` when something was found there: all that is known is to be looked at anew
 * @throws when an answer is lost, or the entered side is in a state that never opens: both are tried again
 */
export async function openEntered(run: Attempt): Promise<ResultOf<'openEntered'>> {
  if (run.input.fence !== 'open' && !(await lastLook(run))) return 'lost';
  const answer = await run.opening;
  run.opening = null;
  if (answer === null) return 'lost';
  if (answer.ok) {
    const committed = commitOpening(run.sessions.entered, run.theEpoch);
    const isOpen = await within(
      run.tools.patience.enteredMs,
      `opening ${run.enteredSide}`,
      'DB_UNREACHABLE',
      committed,
    );
    return isOpen ? 'ok' : 'lost';
  }
  if (answer.reason === 'guard_problems') {
    throw new CutoverFault(
      'CHECK_FAILED',
      `${run.enteredSide} does not open, because its guards do not hold: ${answer.problems?.join('; ') ?? ''}; find out what was written there, and put them right`,
      { epoch: run.theEpoch, problems: answer.problems },
    );
  }
  throw new CutoverFault(
    'CROSSED_CONNECTION',
    `${run.enteredSide} is ${answer.reason} at epoch ${answer.epoch} and does not open for the committed epoch ${run.theEpoch}; look at hydra_cutover.run there`,
    { epoch: run.theEpoch, greenEpoch: answer.epoch },
  );
}

/** Each gateway by itself, and only with all stale challenges: one that is away keeps nobody else's requests waiting. */
export async function release(run: Attempt): Promise<ResultOf<'release'>> {
  const epoch = run.theEpoch;
  const to = run.enteredSide;
  const waiting = run.deps.gateways.filter(({ name }) => !run.flipped.has(name));
  // One after the other for those that need the only session on the entered side.
  for (const gateway of waiting.filter((each) => !run.informed.has(each))) {
    await informAnew(run, gateway).catch((error: unknown) => {
      run.deps.log.warn({ ...run.names, gateway: gateway.name, err: error }, 'gateway not told of stale challenges');
    });
  }
  const ready = waiting.filter((gateway) => run.informed.has(gateway));
  await forAll(ready, async (gateway) => {
    assertServes(to, gateway.name, await bringTo(to, gateway, epoch), epoch);
    run.flipped.set(gateway.name, { name: gateway.name, kind: 'gateway', epoch });
  });
  return ready.length === waiting.length ? 'ok' : 'failed';
}
