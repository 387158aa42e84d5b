import { type ConsentSample, type HydraAnswer } from '../../domain/ports/hydra-api';
import { type CopyPath } from '../../hydra/paths';
import { type ConsentOrigin, compareAnswers } from '../../hydra/validation';
import { type SideName } from '../../domain/sides';

interface ChangedConsent {
  readonly consentId: string;
  /** Names, no contents. */
  readonly fields: readonly string[];
}

/** What both databases say of the consents that were sampled. */
export interface ConsentRows {
  /** The left one, by the name that people know it by. */
  readonly side: SideName;
  /** Of those there, as they were at the commit. */
  readonly origins: ReadonlyMap<string, ConsentOrigin>;
  /** Those on the entered side that are not expired. */
  readonly valid: ReadonlySet<string>;
  /** Sessions of the entered side that are not over. */
  readonly sessions: ReadonlySet<string>;
}

export interface ConsentVerdict {
  /** Answered as the left side did. */
  readonly same: number;
  /** Ids of those that are not listed, though the entered side has the row: what a cleanup job would take for a revocation. */
  readonly hidden: readonly string[];
  /** Those that are listed otherwise than on the left side. */
  readonly changed: readonly ChangedConsent[];
  /** Neither side has them any more. */
  readonly revokedBefore: number;
  /** The left side still has them and the entered one does not: removed since that is open, or lost. */
  readonly goneSince: number;
}

/** Judges the entered side's answer about consents that the left one had answered before. */
export function judgeConsents(
  differences: CopyPath['differences'],
  sampled: readonly ConsentSample[],
  answered: readonly ConsentSample[],
  rows: ConsentRows,
): ConsentVerdict {
  const byId = new Map(answered.map((consent) => [consent.consentId, consent]));
  const verdict = { same: 0, revokedBefore: 0, goneSince: 0 };
  const [hidden, changed]: [string[], ChangedConsent[]] = [[], []];
  for (const consent of sampled) {
    const { consentId } = consent;
    const now = byId.get(consentId);
    if (now !== undefined) {
      const fields = fieldsChanged(differences, consent, now, rows);
      if (fields.length === 0) verdict.same += 1;
      else changed.push({ consentId, fields });
    } else if (rows.valid.has(consentId)) hidden.push(consentId);
    else if (rows.origins.has(consentId) && !mayBeExpired(consent)) verdict.goneSince += 1;
    else verdict.revokedBefore += 1;
  }
  return { ...verdict, hidden, changed };
}

/** The entered side leaves out of its rows what is expired; so must we for those of the left one. */
function mayBeExpired({ rememberForSeconds }: ConsentSample): boolean {
  return rememberForSeconds > 0;
}

/** Whether a field of a consent is one of its client's. */
export function isOfClient(path: string): boolean {
  return /^\[\]\.consent_request\.client(\.|$)/.test(path);
}

const LOGIN_SESSION = '[].consent_request.login_session_id';

/** Whether a field of a consent says whence it came, which a 1.x forgets once the user has logged out. */
export function isOfLogin(path: string): boolean {
  return path === LOGIN_SESSION || path === '[].consent_request.login_challenge';
}

/**
 * All fields, but for what becomes of a consent when its user logs out: the session is removed, and a 1.x then forgets both the session and
 * the login whence the consent came, a 2.x the session. Users go on logging out since it was sampled, on one side and then on the other.
 *
 * Source: foreign keys ON DELETE SET NULL and CASCADE of both (hydra/versions/catalogs).
 */
function fieldsChanged(
  differences: CopyPath['differences'],
  before: ConsentSample,
  now: ConsentSample,
  { side, origins, sessions }: ConsentRows,
): string[] {
  const origin = origins.get(before.consentId);
  // The left side takes no write after the commit: what it had not then, the entered one must not list.
  if (origin === undefined) return [`the whole consent, which ${side} has not any more`];
  const committed = withOrigin(before.answer, origin);
  const isOver = origin.loginSession === null || !sessions.has(origin.loginSession);
  return compareAnswers(differences, 'consent', [committed], [now.answer])
    .filter(({ path, kind }) => !isOfClient(path) && !(isOver && path === LOGIN_SESSION && kind === 'lost'))
    .map(({ path }) => path);
}

/** The answer as the left side would have given it at the commit. */
function withOrigin(answer: HydraAnswer, { loginChallenge, loginSession }: ConsentOrigin): HydraAnswer {
  const request = answer['consent_request'] as HydraAnswer;
  return {
    ...answer,
    consent_request: { ...request, login_challenge: loginChallenge, login_session_id: loginSession },
  };
}
