import { type ConsentSample } from '../../domain/ports/hydra-api';

export interface ConsentVerdict {
  /** Answered as blue did. */
  readonly same: number;
  /** Ids of those that are not listed, though green has the row: what a cleanup job would take for a revocation. */
  readonly hidden: readonly string[];
  /** Ids of those that are listed with another client, scope or remembering. */
  readonly changed: readonly string[];
  /** Neither side has them any more. */
  readonly revokedBefore: number;
  /** Blue still has them and green does not: removed since green is open, or lost. */
  readonly goneSince: number;
}

/**
 * Judges green's answer about consents that blue had answered before.
 *
 * @param rows ids of consents that the databases have (green's: and that are not expired)
 */
export function judgeConsents(
  sampled: readonly ConsentSample[],
  answered: readonly ConsentSample[],
  rows: { readonly blue: ReadonlySet<string>; readonly green: ReadonlySet<string> },
): ConsentVerdict {
  const byId = new Map(answered.map((consent) => [consent.consentId, consent]));
  const verdict = { same: 0, revokedBefore: 0, goneSince: 0 };
  const [hidden, changed]: [string[], string[]] = [[], []];
  for (const consent of sampled) {
    const { consentId } = consent;
    const now = byId.get(consentId);
    if (now !== undefined) {
      if (isSame(consent, now)) verdict.same += 1;
      else changed.push(consentId);
    } else if (rows.green.has(consentId)) hidden.push(consentId);
    else if (rows.blue.has(consentId) && !mayBeExpired(consent)) verdict.goneSince += 1;
    else verdict.revokedBefore += 1;
  }
  return { ...verdict, hidden, changed };
}

/** Green leaves out of its rows what is expired; so must we for blue's. */
function mayBeExpired({ rememberForSeconds }: ConsentSample): boolean {
  return rememberForSeconds > 0;
}

/** Whether a field of a consent is one of its client's. */
export function isOfClient(path: string): boolean {
  return /^\[\]\.consent_request\.client(\.|$)/.test(path);
}

/** By what nothing changes once a person has consented. The rest was compared before the commit; users go on since it was sampled. */
function isSame(before: ConsentSample, now: ConsentSample): boolean {
  const text = ({ clientId, scope, remember, rememberForSeconds }: ConsentSample) =>
    JSON.stringify([clientId, scope, remember, rememberForSeconds]);
  return text(before) === text(now);
}
