import { type Fact } from '../page/page';
import { type AnswerFinding, type AnswersReceipt } from '../receipts';
import { fact } from './words';

const QUESTION_NAMES: Readonly<Record<string, string>> = {
  client: 'clients',
  consent: "subjects' consents",
  discovery: 'discovery',
  introspection: 'introspections',
  keys: 'key sets',
  trusted_issuer: 'list of trusted issuers',
  userinfo: 'userinfo',
};

/** Nothing that was asked is no result. */
export function answersFact(label: string, answers: AnswersReceipt | null | undefined): Fact {
  const asked = answers?.asked.map((one) => `${one.asked} ${QUESTION_NAMES[one.question] ?? one.question}`) ?? [];
  if (answers == null || asked.length === 0) return fact(label, 'not asked', 'unknown');
  const differ = answers.asked.reduce((sum, { differing }) => sum + differing, 0);
  const text = `${asked.join(', ')} asked of both: ${differ === 0 ? 'all as declared' : `${differ} differ`}`;
  return fact(label, text, differ === 0 ? undefined : 'bad');
}

const FINDING_WORDS: Readonly<Record<AnswerFinding['kind'], string>> = {
  lost: 'blue answers it and green does not',
  added: 'green answers it and blue does not',
  changed: 'green answers it otherwise than blue',
  unanswered: 'it could not be asked',
};

export function findingText({ question, about, field, kind }: AnswerFinding): string {
  return `${question}${about === '' ? '' : ` ${about}`}, ${field}: ${FINDING_WORDS[kind]}`;
}
