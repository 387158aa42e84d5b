import { type HydraAnswer } from '../../domain/ports/hydra-api';
import { type AnswerFinding } from '../../domain/receipts';
import {
  type AnswerQuestion,
  chooseClients,
  chooseSubjects,
  clientsIn,
  compareAnswers,
  consentsInBlue,
  consentsInGreen,
  editedBetween,
  keySets,
  keySetsRotatedBetween,
} from '../../hydra/validation';
import { copyPathOf } from '../../hydra/paths';
import { type StepDeps } from '../step';
import { isOfClient, isOfLogin } from '../green/consent-verdict';
import { type BothSides, type Question } from './both-sides';

/** What both are asked: discovery, all key sets and trusted issuers, and of samples of clients and subjects everything. */
export async function questionsOf(deps: StepDeps, sides: BothSides): Promise<readonly Question[]> {
  const { subjects, clients } = deps.settings.validation;
  const path = copyPathOf(deps.settings.hydraVersion);
  return [
    { question: 'discovery', about: '', ask: () => discovery(deps) },
    { question: 'trusted_issuer', about: '', ask: () => trustedIssuers(deps, sides) },
    ...(await keySets(sides.blue)).filter(isAskable).map((set) => ({
      question: 'keys' as const,
      about: set,
      ask: () => keys(deps, sides, set),
    })),
    ...(await chooseClients(sides.blue, clients)).map((id) => ({
      question: 'client' as const,
      about: id,
      ask: () => client(deps, sides, id),
    })),
    ...(await chooseSubjects(path.consents, sides.blue, subjects)).map((subject) => ({
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

async function discovery(deps: StepDeps): Promise<readonly AnswerFinding[]> {
  const [blue, green] = await Promise.all([deps.hydra.discovery('blue'), deps.hydra.discovery('green')]);
  return differences(deps, 'discovery', '', blue, green);
}

async function trustedIssuers(deps: StepDeps, sides: BothSides): Promise<readonly AnswerFinding[]> {
  const [blue, green] = await Promise.all([deps.hydra.trustedIssuers('blue'), deps.hydra.trustedIssuers('green')]);
  const found: AnswerFinding[] = [];
  for (const id of new Set([...blue.keys(), ...green.keys()])) {
    const [before, now] = [blue.get(id), green.get(id)];
    // A copy that stays as it was lacks what is new, and has what was removed since.
    if (sides.carry === undefined && (before === undefined || now === undefined)) continue;
    found.push(...differences(deps, 'trusted_issuer', id, before, now));
  }
  return found;
}

/** Every key that blue has must be there, whatever its kid: 1.11.10 gives the same kid to the first key of every installation. */
async function keys({ hydra }: StepDeps, sides: BothSides, set: string): Promise<readonly AnswerFinding[]> {
  const [blue, green] = await Promise.all([hydra.keyThumbprints('blue', set), hydra.keyThumbprints('green', set)]);
  const known = new Set(green);
  if (blue.every((thumbprint) => known.has(thumbprint))) return [];
  if (sides.carry === undefined && (await keySetsRotatedBetween(sides.blue, sides.green, set))) return [];
  return [{ question: 'keys', about: set, field: 'a key', kind: 'lost' }];
}

async function client(deps: StepDeps, sides: BothSides, id: string): Promise<readonly AnswerFinding[]> {
  const [blue, green] = await Promise.all([deps.hydra.client('blue', id), deps.hydra.client('green', id)]);
  if (blue === undefined && green === undefined) return [];
  if (blue !== undefined && green !== undefined && editedBetween(blue, green) && sides.carry === undefined) return [];
  if (green === undefined && sides.carry === undefined && !(await clientsIn(sides.green, [id])).has(id)) return [];
  return differences(deps, 'client', id, blue, green);
}

async function consents(deps: StepDeps, sides: BothSides, subject: string): Promise<readonly AnswerFinding[]> {
  const [onBlue, onGreen] = [await deps.hydra.consents('blue', subject), await deps.hydra.consents('green', subject)];
  const green = new Map(onGreen.map((consent) => [consent.consentId, consent.answer]));
  const found: AnswerFinding[] = [];
  for (const { consentId, answer } of onBlue) {
    const now = green.get(consentId);
    green.delete(consentId);
    if (now !== undefined) found.push(...consentDifferences(deps, sides, consentId, answer, now));
    else if (await isMissing(sides, consentId)) found.push(missing(consentId, 'lost'));
  }
  // What is left is on green alone: revoked on blue, if blue has it no more.
  const revived = await consentsInBlue(copyPathOf(deps.settings.hydraVersion).consents, sides.blue, [...green.keys()]);
  const isWrong = (id: string) => sides.carry !== undefined || revived.has(id);
  return [...found, ...[...green.keys()].filter(isWrong).map((id) => missing(id, 'added'))];
}

/** A copy lacks what was granted since; what it has it must list. */
async function isMissing({ green, carry }: BothSides, consentId: string): Promise<boolean> {
  return carry !== undefined || (await consentsInGreen(green, [consentId])).has(consentId);
}

function missing(about: string, kind: 'lost' | 'added'): AnswerFinding {
  return { question: 'consent', about, field: 'the whole consent', kind };
}

/** The client of a consent is a question of its own; one that was edited meanwhile says nothing about the consent. */
function consentDifferences(
  deps: StepDeps,
  { carry }: BothSides,
  consentId: string,
  blue: HydraAnswer,
  green: HydraAnswer,
): readonly AnswerFinding[] {
  const found = differences(deps, 'consent', consentId, [blue], [green]);
  const [before, now] = [clientOf(blue), clientOf(green)];
  // A copy knows sessions and logins still that are over on blue since the snapshot.
  const isForgotten = ({ field, kind }: AnswerFinding) => carry === undefined && kind === 'added' && isOfLogin(field);
  const isEdited = editedBetween(before, now);
  return found.filter((one) => !isForgotten(one) && !(isEdited && isOfClient(one.field)));
}

function clientOf({ consent_request }: HydraAnswer): HydraAnswer {
  return ((consent_request as HydraAnswer | undefined)?.['client'] ?? {}) as HydraAnswer;
}

export function differences(
  { settings }: Pick<StepDeps, 'settings'>,
  question: AnswerQuestion,
  about: string,
  blue: unknown,
  green: unknown,
): readonly AnswerFinding[] {
  return compareAnswers(copyPathOf(settings.hydraVersion).differences, question, blue, green).map(({ path, kind }) => ({
    question,
    about,
    field: path === '' ? 'all of it' : path,
    kind,
  }));
}
