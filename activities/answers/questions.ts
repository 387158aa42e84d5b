import { type HydraAnswer } from '../../domain/ports/hydra-api';
import { type AnswerFinding } from '../../domain/receipts';
import {
  type AnswerQuestion,
  chooseClients,
  chooseSubjects,
  clientsIn,
  compareAnswers,
  consentOrigins,
  validConsentsIn,
  editedBetween,
  keySets,
  keySetsRotatedBetween,
} from '../../hydra/validation';
import { type StepDeps, type Configured } from '../step';
import { isOfClient, isOfLogin } from '../support/consent-verdict';
import { type BothSides, type Question } from './both-sides';
import { pathOfRun } from '../support/of-side';
import { type SideName } from '../../domain/sides';

/** What both are asked: discovery, all key sets and trusted issuers, and of samples of clients and subjects everything. */
export async function questionsOf(deps: StepDeps, sides: BothSides): Promise<readonly Question[]> {
  const { subjects, clients } = deps.settings.validation;
  return [
    { question: 'discovery', about: '', ask: () => discovery(deps) },
    { question: 'trusted_issuer', about: '', ask: () => trustedIssuers(deps, sides) },
    ...(await keySets(sides.left)).filter(isAskable).map((set) => ({
      question: 'keys' as const,
      about: set,
      ask: () => keys(deps, sides, set),
    })),
    ...(await chooseClients(sides.left, clients)).map((id) => ({
      question: 'client' as const,
      about: id,
      ask: () => client(deps, sides, id),
    })),
    ...(await chooseSubjects(pathOfRun(deps).consents, sides.left, subjects)).map((subject) => ({
      question: 'consent' as const,
      // Whose it is stays in the databases.
      about: '',
      ask: () => consents(deps, sides, subject),
    })),
  ];
}

/** No Hydra answers about a set whose name holds a slash, as those of trusted issuers do: these are a question of their own. */
function isAskable(set: string): boolean {
  return !set.includes('/');
}

/** @returns what the left and the entered side answer to the same question, asked at once */
function ofBoth<T>({ direction: { from, to } }: StepDeps, ask: (side: SideName) => Promise<T>): Promise<[T, T]> {
  return Promise.all([ask(from), ask(to)]);
}

async function discovery(deps: StepDeps): Promise<readonly AnswerFinding[]> {
  const [left, entered] = await ofBoth(deps, (side) => deps.hydra.discovery(side));
  return differences(deps, 'discovery', '', left, entered);
}

async function trustedIssuers(deps: StepDeps, sides: BothSides): Promise<readonly AnswerFinding[]> {
  const [left, entered] = await ofBoth(deps, (side) => deps.hydra.trustedIssuers(side));
  const found: AnswerFinding[] = [];
  for (const id of new Set([...left.keys(), ...entered.keys()])) {
    const [before, now] = [left.get(id), entered.get(id)];
    // A copy that stays as it was lacks what is new, and has what was removed since.
    if (sides.carry === undefined && (before === undefined || now === undefined)) continue;
    found.push(...differences(deps, 'trusted_issuer', id, before, now));
  }
  return found;
}

/** Every key that the left side has must be there, whatever its kid: 1.11.10 gives the same kid to the first key of every installation. */
async function keys(deps: StepDeps, sides: BothSides, set: string): Promise<readonly AnswerFinding[]> {
  const [left, entered] = await ofBoth(deps, (side) => deps.hydra.keyThumbprints(side, set));
  const known = new Set(entered);
  if (left.every((thumbprint) => known.has(thumbprint))) return [];
  if (sides.carry === undefined && (await keySetsRotatedBetween(sides.left, sides.entered, set))) return [];
  return [{ question: 'keys', about: set, field: 'a key', kind: 'lost' }];
}

async function client(deps: StepDeps, sides: BothSides, id: string): Promise<readonly AnswerFinding[]> {
  const [left, entered] = await ofBoth(deps, (side) => deps.hydra.client(side, id));
  if (left === undefined && entered === undefined) return [];
  if (left !== undefined && entered !== undefined && editedBetween(left, entered) && sides.carry === undefined)
    return [];
  if (entered === undefined && sides.carry === undefined && !(await clientsIn(sides.entered, [id])).has(id)) return [];
  return differences(deps, 'client', id, left, entered);
}

async function consents(deps: StepDeps, sides: BothSides, subject: string): Promise<readonly AnswerFinding[]> {
  const { from, to } = deps.direction;
  const left = await deps.hydra.consents(from, subject);
  const asked = await deps.hydra.consents(to, subject);
  const entered = new Map(asked.map((consent) => [consent.consentId, consent.answer]));
  const found: AnswerFinding[] = [];
  for (const { consentId, answer } of left) {
    const now = entered.get(consentId);
    entered.delete(consentId);
    if (now !== undefined) found.push(...consentDifferences(deps, sides, consentId, answer, now));
    else if (await isMissing(sides, consentId)) found.push(missing(consentId, 'lost'));
  }
  // What remains is on the entered side alone: revoked on the left one, if that has it no more.
  const revived = await consentOrigins(pathOfRun(deps).consents, sides.left, [...entered.keys()]);
  const isWrong = (id: string) => sides.carry !== undefined || revived.has(id);
  return [...found, ...[...entered.keys()].filter(isWrong).map((id) => missing(id, 'added'))];
}

/** A copy lacks what was granted since; what it has it must list. */
async function isMissing({ entered, carry }: BothSides, consentId: string): Promise<boolean> {
  return carry !== undefined || (await validConsentsIn(entered, [consentId])).has(consentId);
}

function missing(about: string, kind: 'lost' | 'added'): AnswerFinding {
  return { question: 'consent', about, field: 'the whole consent', kind };
}

/** The client of a consent is a question of its own; one that was edited meanwhile says nothing about the consent. */
function consentDifferences(
  deps: StepDeps,
  { carry }: BothSides,
  consentId: string,
  left: HydraAnswer,
  entered: HydraAnswer,
): readonly AnswerFinding[] {
  const found = differences(deps, 'consent', consentId, [left], [entered]);
  const [before, now] = [clientOf(left), clientOf(entered)];
  // A copy knows sessions and logins still that are over on the left side since the snapshot.
  const isForgotten = ({ field, kind }: AnswerFinding) => carry === undefined && kind === 'added' && isOfLogin(field);
  const isEdited = editedBetween(before, now);
  return found.filter((one) => !isForgotten(one) && !(isEdited && isOfClient(one.field)));
}

function clientOf({ consent_request }: HydraAnswer): HydraAnswer {
  return ((consent_request as HydraAnswer | undefined)?.['client'] ?? {}) as HydraAnswer;
}

export function differences(
  deps: Configured,
  question: AnswerQuestion,
  about: string,
  left: unknown,
  entered: unknown,
): readonly AnswerFinding[] {
  return compareAnswers(pathOfRun(deps).differences, question, left, entered).map(({ path, kind }) => ({
    question,
    about,
    field: path === '' ? 'all of it' : path,
    kind,
  }));
}
