import { type SyntheticLogin, type SyntheticTokens } from '../../domain/ports/hydra-api';
import { type HydraCall, type HydraHttp, unexpected } from './hydra-http';
import { Walk, type WalkUser } from './oauth-walk';

/** Of the client that exists only while something is checked, and of its user. */
export const CHECK_ID = 'hydra-cutover-check';

const USER: WalkUser = {
  clientId: CHECK_ID,
  clientName: 'Check of hydra-cutover, may be removed',
  subject: CHECK_ID,
  rememberSeconds: 60,
  remembersConsent: false,
};

/**
 * Logs a user in who does not exist, with a client that exists only meanwhile, and asks whether the token is good.
 *
 * What an interrupted one left is removed first. @returns the steps that were taken
 * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED, saying in which step
 */
export async function syntheticLogin(http: HydraHttp): Promise<SyntheticLogin> {
  const startedAt = performance.now();
  return withWalk(http, async (walk) => {
    const { refreshToken } = await walk.logIn();
    await walk.refresh(refreshToken);
    const refreshGrace = await walk.takesAgain(refreshToken);
    const durationMs = Math.round(performance.now() - startedAt);
    return { durationMs, steps: walk.steps, refreshGrace, cookies: [...walk.cookieNames] };
  });
}

/** Logs the same user in for as long as `work` takes. @throws as {@link syntheticLogin}, and what `work` throws */
export async function withSyntheticTokens<T>(
  http: HydraHttp,
  work: (tokens: SyntheticTokens) => Promise<T>,
): Promise<T> {
  return withWalk(http, async (walk) => work(await walk.logIn()));
}

/** Removes what an interrupted one left, does `work`, and removes what that left. */
export async function withWalk<T>(http: HydraHttp, work: (walk: Walk) => Promise<T>): Promise<T> {
  const walk = new Walk(http, USER);
  await walk.step('clean up', () => removeTraces(http));
  let result: T;
  try {
    result = await work(walk);
  } catch (error) {
    // What broke first is what is told; a trace that stays is removed by the next one.
    await removeTraces(http).catch(() => undefined);
    throw error;
  }
  await walk.step('remove client', () => removeTraces(http));
  return result;
}

/** Grants and tokens go with the client. */
async function removeTraces(http: HydraHttp): Promise<void> {
  const session = new URLSearchParams({ subject: USER.subject }).toString();
  for (const path of [`/clients/${USER.clientId}`, `/oauth2/auth/sessions/login?${session}`]) {
    const call: HydraCall = { listener: 'admin', method: 'DELETE', path };
    const answer = await http.call(call);
    if (![200, 204, 404].includes(answer.status)) throw unexpected(http, call, answer, '204 or 404');
  }
}
