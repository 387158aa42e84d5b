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

/** A token is carried within rounds; blue's other changes may come first. */
const LOOKS = 5;
const BETWEEN_MS = 200;

/**
 * What nobody but the holder of a token can ask: a synthetic user logs in on blue, the login is carried, and both Hydras introspect the
 * tokens and tell about the user. A secret that green lacks shows here, before anything is moved.
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
  if (carry === undefined) return nothing('they take a login on blue, and a rehearsal writes nothing there');
  if (!deps.settings.validation.syntheticLogin) return nothing('`validation.syntheticLogin` is off');
  try {
    return await deps.hydra.withSyntheticTokens('blue', async (tokens) => {
      let answers = await compare(deps, tokens);
      for (let look = 1; look < LOOKS && answers.some(({ findings }) => findings.length > 0); look += 1) {
        context.heartbeat({ step: 'waiting for a token of blue to be known on green' });
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
  const { hydra } = deps;
  const introspect = async (token: string, about: string) =>
    differences(
      deps,
      'introspection',
      about,
      await hydra.introspection('blue', token),
      await hydra.introspection('green', token),
    );
  return [
    { question: 'introspection', findings: await introspect(accessToken, 'of a new access token') },
    { question: 'introspection', findings: await introspect(refreshToken, 'of a new refresh token') },
    { question: 'userinfo', findings: await userinfo(deps, accessToken) },
  ];
}

async function userinfo(deps: StepDeps, accessToken: string): Promise<readonly AnswerFinding[]> {
  const { hydra } = deps;
  const blue = await hydra.userinfo('blue', accessToken);
  try {
    return differences(deps, 'userinfo', 'of a new user', blue, await hydra.userinfo('green', accessToken));
  } catch (error) {
    // A token that green does not know is refused there.
    if (!isCutoverFault(error) || error.code !== 'HYDRA_UNEXPECTED') throw error;
    return [{ question: 'userinfo', about: 'of a new user', field: 'all of it', kind: 'lost' }];
  }
}
