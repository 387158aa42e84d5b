import { isCutoverFault } from '../../domain/faults';
import { type AnswerFinding, type AnswersReceipt } from '../../domain/receipts';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type AnswerQuestion } from '../../hydra/validation';
import { type StepContext, type StepDeps } from '../step';
import { inTurn } from './in-turn';
import { questionsOf } from './questions';
import { syntheticQuestions } from './synthetic-questions';

export interface BothSides {
  readonly left: SqlClient;
  /** A session that may read Hydra's tables there. */
  readonly entered: SqlClient;
  /** Carries what changed on the left side. Undefined: the entered one is a copy that stays as it was. */
  readonly carry: (() => Promise<void>) | undefined;
}

/** One question to both Hydras. */
export interface Question {
  readonly question: AnswerQuestion;
  /** Whose answer it is: a client id, the id of a consent or of a key set; never a subject. */
  readonly about: string;
  /** @returns what is different and not declared */
  readonly ask: () => Promise<readonly AnswerFinding[]>;
}

const AT_ONCE = 4;
/** The left side moves on between two questions; what differs each time is wrong. */
const LOOKS = 4;
const SHOWN_MAX = 20;

/**
 * Asks Hydra on the left side and on the entered one, which is closed, the same questions and compares the answers field by field. Changes
 * nothing but for the synthetic user of `validation.syntheticLogin`, who logs in on the left side where changes are carried, and is removed.
 *
 * @throws CutoverFault DB_UNREACHABLE; a Hydra that does not answer is a finding
 */
export async function askBothSides(deps: StepDeps, given: BothSides, context: StepContext): Promise<AnswersReceipt> {
  const sides = { ...given, left: inTurn(given.left), entered: inTurn(given.entered) };
  const questions = await questionsOf(deps, sides);
  const counts = new Map<string, { asked: number; differing: number }>();
  const findings: AnswerFinding[] = [];
  const tally = (question: string, differing: number, found: readonly AnswerFinding[]): void => {
    const { asked, differing: before } = counts.get(question) ?? { asked: 0, differing: 0 };
    counts.set(question, { asked: asked + 1, differing: before + differing });
    findings.push(...found);
  };
  let open: readonly Question[] = questions;
  for (let look = 1; open.length > 0; look += 1) {
    const isLast = look === LOOKS || sides.carry === undefined;
    const again: Question[] = [];
    await inParallel(open, async (one) => {
      context.signal.throwIfAborted();
      const found = await orFinding(one);
      if (found.length > 0 && !isLast) again.push(one);
      else tally(one.question, found.length > 0 ? 1 : 0, found);
    });
    context.heartbeat({ step: 'asking both Hydras', asked: questions.length - again.length, of: questions.length });
    if (again.length > 0) await sides.carry?.();
    open = again;
  }
  const synthetic = await syntheticQuestions(deps, sides, context);
  for (const { question, findings: found } of synthetic.answers) tally(question, found.length > 0 ? 1 : 0, found);
  return {
    askedAt: new Date().toISOString(),
    asked: [...counts].map(([question, { asked, differing }]) => ({ question, asked, differing })),
    findings: findings.slice(0, SHOWN_MAX),
    found: findings.length,
    notAsked: synthetic.notAsked,
  };
}

async function orFinding({ question, about, ask }: Question): Promise<readonly AnswerFinding[]> {
  try {
    return await ask();
  } catch (error) {
    if (!isCutoverFault(error) || error.code === 'DB_UNREACHABLE') throw error;
    return [{ question, about, field: `${error.code}: ${error.message}`, kind: 'unanswered' }];
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
  const broken = lanes.find((result) => result.status === 'rejected');
  if (broken !== undefined) throw broken.reason as Error;
}
