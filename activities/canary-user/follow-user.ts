import { setTimeout as sleep } from 'node:timers/promises';
import { CutoverFault, isCutoverFault } from '../../domain/faults';
import { CANARY_STEPS, type CanaryStep, type CanaryUser, canaryName } from '../../domain/ports/canary-user';
import { type CanaryReceipt } from '../../domain/receipts';
import { type StepInput } from '../../domain/steps';
import { type SideName } from '../../domain/sides';
import {
  type CanaryStepKept,
  type KeptUser,
  keepSteps,
  readUser,
  removeArchivedUser,
  removeUserRows,
} from '../../hydra/canary-user';
import { withKeeper } from '../support/with-left';
import { withEntered, withEnteredRows } from '../support/with-entered';
import { type StepContext, type StepDeps } from '../step';
import { noCanary } from './begin-user';

/** What happens once: when it is refused after a try whose end is not known, that says nothing. */
const ONCE: ReadonlySet<CanaryStep> = new Set(['refresh', 'code', 'logout']);
/** These end what the others need: only once the others held. */
const LAST: ReadonlySet<CanaryStep> = new Set(['logout', 'revocation']);
/** Hydra's default of `ttl.auth_code`. */
const CODE_AGE_MAX_MS = 10 * 60_000;
const THROWN = ['DB_UNREACHABLE', 'SECRET_UNUSABLE'] as const;
const TRIES = 3;
const RETRY_DELAY_MS = 2_000;

/**
 * The canary user goes on at the entered side, through the gateway, with what he got on the left one; then his traces there are removed. What
 * each step came to is kept on the left side before the next begins, so that a repeat goes on where it was cut off; what broke is tried again.
 *
 * @throws CutoverFault CROSSED_CONNECTION | DB_UNREACHABLE
 */
export async function followUser(deps: StepDeps, input: StepInput, context: StepContext): Promise<CanaryReceipt> {
  const { canaryUser } = deps;
  if (canaryUser === undefined) return judgeUser(undefined, noCanary(deps.direction));
  const user = await withKeeper(deps, context, 'canary user', readUser);
  if (user?.sealed == null) return judgeUser(user, user?.why ?? `he never logged in on ${deps.direction.from}`);
  const walk = new Followed(deps, canaryUser, input, user, context);
  try {
    for (const step of CANARY_STEPS) {
      if (LAST.has(step) && walk.isBroken) break;
      await walk.go(step);
    }
  } catch (error) {
    // Another worker, or this one once its config is right, goes on.
    if (!isCutoverFault(error) || error.code !== 'SECRET_UNUSABLE') throw error;
    return judgeUser(user, error.message);
  }
  if (!walk.isBroken) {
    await removeUserFromEntered(deps, input, context);
  }
  return judgeUser({ ...user, steps: walk.steps }, null);
}

/** @throws CutoverFault CHECK_FAILED (rows are left, or code of others would run with our rights) | CROSSED_CONNECTION | DB_UNREACHABLE */
export async function removeUserFromEntered(
  deps: StepDeps,
  input: StepInput,
  context: Pick<StepContext, 'signal'>,
): Promise<void> {
  const name = canaryName(input.cutoverId);
  const remaining = await withEnteredRows(deps, input, context, 'canary user', (entered) =>
    removeUserRows(entered, name, { schema: deps.settings.hydraSchema, side: deps.direction.to }),
  );
  await withEntered(deps, input, context, 'canary user', (keeper) => removeArchivedUser(keeper, name));
  if (remaining > 0) throw leftBehind(deps.direction.to, input.cutoverId, remaining);
}

/** @throws CutoverFault CHECK_FAILED */
export function leftBehind(side: SideName, cutoverId: string, rows: number): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    `${rows} rows of ${side} still name the canary user ${canaryName(cutoverId)}, whose client was removed (allowed 0); a foreign key of ` +
      "Hydra's to hydra_client is missing or does not cascade: remove these rows",
    { side, rows },
  );
}

/** Pure. @param why nothing was tried */
function judgeUser(user: KeptUser | undefined, why: string | null): CanaryReceipt {
  const { loggedInAt = null, beforeSnapshot = false, steps = [] } = user ?? {};
  const said = { loggedInAt, beforeSnapshot, steps };
  if (why !== null) return { ...said, state: 'inconclusive', why };
  const worst = steps.find(({ state }) => state === 'broken') ?? steps.find(({ state }) => state !== 'held');
  if (worst !== undefined) {
    const state = worst.state === 'broken' ? 'broken' : 'inconclusive';
    return { ...said, state, why: `${worst.step}: ${worst.why ?? 'it was begun, and how it ended is not known'}` };
  }
  const missing = CANARY_STEPS.filter((step) => !steps.some((one) => one.step === step));
  if (missing.length > 0) return { ...said, state: 'inconclusive', why: `not tried: ${missing.join(', ')}` };
  return { ...said, state: 'held', why: null };
}

class Followed {
  #steps: readonly CanaryStepKept[];
  #sealed: string;

  constructor(
    private readonly deps: StepDeps,
    private readonly canary: CanaryUser,
    private readonly input: StepInput,
    private readonly user: KeptUser,
    private readonly context: StepContext,
  ) {
    this.#steps = user.steps;
    this.#sealed = user.sealed ?? '';
  }

  get steps(): readonly CanaryStepKept[] {
    return this.#steps;
  }

  get isBroken(): boolean {
    return this.#steps.some(({ state }) => state === 'broken');
  }

  async go(step: CanaryStep): Promise<void> {
    const before = this.#steps.find((one) => one.step === step)?.state;
    if (before === 'held' || before === 'unknown') return;
    let isUncertain = before === 'begun';
    await this.#keep({ step, state: 'begun' });
    for (let tried = 1; ; tried += 1) {
      this.context.signal.throwIfAborted();
      this.context.heartbeat({ step: `canary user: ${step}`, tried });
      try {
        const taken = await this.canary.take(step, canaryName(this.input.cutoverId), this.#sealed);
        this.#sealed = taken.sealed;
        return await this.#keep({ step, state: 'held', ...(taken.notAsked && { why: taken.notAsked }) }, taken.sealed);
      } catch (error) {
        if (!isCutoverFault(error) || THROWN.some((code) => code === error.code)) throw error;
        if (error.code === 'HYDRA_UNREACHABLE' && tried < TRIES) {
          isUncertain = true;
          await sleep(RETRY_DELAY_MS, undefined, { signal: this.context.signal });
          continue;
        }
        return await this.#keep({ step, ...this.#judge(step, error, isUncertain) });
      }
    }
  }

  #judge(step: CanaryStep, error: CutoverFault, isUncertain: boolean): Pick<CanaryStepKept, 'state' | 'why'> {
    const { codeAgeMs } = this.user;
    if (error.code === 'PORT_TAKEN' || error.code === 'CONFIG_INVALID') {
      return { state: 'unknown', why: error.message };
    }
    if (isUncertain && ONCE.has(step) && error.code !== 'HYDRA_UNREACHABLE') {
      return { state: 'unknown', why: `an earlier try may have done it: ${error.message}` };
    }
    if (step === 'code' && (codeAgeMs ?? 0) > CODE_AGE_MAX_MS) {
      return { state: 'unknown', why: `the code is older than Hydra keeps one by default: ${error.message}` };
    }
    return { state: 'broken', why: error.message };
  }

  async #keep(kept: CanaryStepKept, sealed: string | null = null): Promise<void> {
    this.#steps = [...this.#steps.filter(({ step }) => step !== kept.step), kept];
    await withKeeper(this.deps, this.context, 'canary user', (keeper) => keepSteps(keeper, this.#steps, sealed));
  }
}
