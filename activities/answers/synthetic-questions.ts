import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../../domain/faults';
import { type SyntheticTokens } from '../../domain/ports/hydra-api';
import { type AnswerFinding, type AnswersReceipt } from '../../domain/receipts';
import { type AnswerQuestion } from '../../hydra/validation';
import { type StepContext, type StepDeps } from '../step';
import { type BothSides } from './both-sides';
import { differences } from './questions';

interface SyntheticAnswers {
  readonly answers: readonly { readonly question: AnswerQuestion; readonly findings: readonly AnswerFinding[] }[];
  readonly notAsked: AnswersReceipt['notAsked'];
}

/** A token is carried within rounds; other changes of the left side may come first. */
const LOOKS = 5;
const BETWEEN_MS = 200;

/**
 * What nobody but the holder of a token can ask: a synthetic user logs in on the left side, the login is carried, and both Hydras introspect the
 * tokens and tell about the user. A secret that the entered side lacks shows here, before anything is moved.
 */
export async function syntheticQuestions(
  deps: StepDeps,
  { carry }: BothSides,
  context: StepContext,
): Promise<SyntheticAnswers> {
  const nothing = (why: string): SyntheticAnswers => ({
    answers: [],
    notAsked: [`introspection and userinfo: ${why}`],
  });
  const { from, to } = deps.direction;
  if (carry === undefined) return nothing(`they take a login on ${from}, and a rehearsal writes nothing there`);
  if (!deps.settings.validation.syntheticLogin) return nothing('`validation.syntheticLogin` is off');
  try {
    return await deps.hydra.withSyntheticTokens(from, async (tokens) => {
      let answers = await compare(deps, tokens);
      for (let look = 1; look < LOOKS && answers.some(({ findings }) => findings.length > 0); look += 1) {
        context.heartbeat({ step: `waiting for a token of ${from} to be known on ${to}` });
        await carry();
        answers = await compare(deps, tokens);
        await sleep(BETWEEN_MS, undefined, { signal: context.signal });
      }
      return { answers, notAsked: [] };
    });
  } catch (error) {
    if (!isCutoverFault(error) || error.code === 'DB_UNREACHABLE') throw error;
    const field = `${error.code}: ${error.message}`;
    return {
      answers: [
        { question: 'introspection', findings: [{ question: 'introspection', about: '', field, kind: 'unanswered' }] },
      ],
      notAsked: [],
    };
  }
}

async function compare(
  deps: StepDeps,
  { accessToken, refreshToken }: SyntheticTokens,
): Promise<SyntheticAnswers['answers']> {
  const { hydra, direction } = deps;
  const introspect = async (token: string, about: string) =>
    differences(
      deps,
      'introspection',
      about,
      await hydra.introspection(direction.from, token),
      await hydra.introspection(direction.to, token),
    );
  return [
    { question: 'introspection', findings: await introspect(accessToken, 'of a new access token') },
    { question: 'introspection', findings: await introspect(refreshToken, 'of a new refresh token') },
    { question: 'userinfo', findings: await userinfo(deps, accessToken) },
  ];
}

async function userinfo(deps: StepDeps, accessToken: string): Promise<readonly AnswerFinding[]> {
  const { hydra, direction } = deps;
  const left = await hydra.userinfo(direction.from, accessToken);
  try {
    return differences(deps, 'userinfo', 'of a new user', left, await hydra.userinfo(direction.to, accessToken));
  } catch (error) {
    // A token that the entered side does not know is refused there.
    if (!isCutoverFault(error) || error.code !== 'HYDRA_UNEXPECTED') throw error;
    return [{ question: 'userinfo', about: 'of a new user', field: 'all of it', kind: 'lost' }];
  }
}
