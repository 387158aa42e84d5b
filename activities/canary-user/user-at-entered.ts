import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../../domain/faults';
import { canaryName } from '../../domain/ports/canary-user';
import { type AnswerFinding, type CanaryEvidence } from '../../domain/receipts';
import { type StepInput } from '../../domain/steps';
import { differences } from '../answers/questions';
import { type StepContext, type StepDeps } from '../step';
import { beginUser } from './begin-user';

/** What he did on the left side is carried within rounds; its other changes may come first. */
const LOOKS = 5;
const BETWEEN_MS = 200;

/**
 * Whether the entered side, still closed, takes what the canary user got on the left one for what it is: both Hydras introspect the tokens of his login. One who did
 * not get in before is tried once more; he is then no older than the snapshot, and it says so.
 *
 * @param carry carries what changed on the left side
 * @throws CutoverFault DB_UNREACHABLE | what `carry` throws
 */
export async function userAtEntered(
  deps: StepDeps,
  input: StepInput,
  carry: () => Promise<void>,
  context: StepContext,
): Promise<CanaryEvidence> {
  const { user, why } = await beginUser(deps, input, context);
  const { canaryUser } = deps;
  const { from, to } = deps.direction;
  const { loggedInAt = null, beforeSnapshot = false } = user ?? {};
  const said = { loggedInAt, beforeSnapshot };
  if (user?.sealed == null || canaryUser === undefined) return { ...said, state: 'unproven', why };
  try {
    const tokens = await canaryUser.tokens(canaryName(input.cutoverId), user.sealed);
    const asked = [
      ['of the refresh token', tokens.refreshToken],
      ['of the access token', tokens.accessToken],
    ] as const;
    let active = 0;
    for (let look = 1; ; look += 1) {
      const found: AnswerFinding[] = [];
      active = 0;
      for (const [about, token] of asked) {
        const onLeft = await deps.hydra.introspection(from, token);
        if (onLeft['active'] !== true) continue;
        active += 1;
        found.push(...differences(deps, 'introspection', about, onLeft, await deps.hydra.introspection(to, token)));
      }
      if (found.length === 0) break;
      if (look === LOOKS) {
        const fields = found.map(({ about, field }) => `${about}: ${field}`).join(', ');
        return { ...said, state: 'wrong', why: `${to} introspects his tokens otherwise than ${from}: ${fields}` };
      }
      context.heartbeat({ step: `waiting for the canary user to be known on ${to}` });
      await carry();
      await sleep(BETWEEN_MS, undefined, { signal: context.signal });
    }
    if (active === 0)
      return { ...said, state: 'unproven', why: `${from} takes none of his tokens for active any more` };
    return { ...said, state: 'known', why: null };
  } catch (error) {
    if (!isCutoverFault(error) || !NOT_ASKED.some((code) => code === error.code)) throw error;
    return { ...said, state: 'unproven', why: error.message };
  }
}

const NOT_ASKED = ['HYDRA_UNREACHABLE', 'HYDRA_UNEXPECTED', 'SECRET_UNUSABLE'] as const;
