import { type ConsentSample } from '../../domain/ports/hydra-api';

export interface ConsentVerdict {
  /** Answered as blue did. */
  readonly same: number;
  /** Not listed, though green has the row: what a cleanup job would take for a revocation. */
  readonly hidden: number;
  /** Listed with other contents. */
  readonly changed: number;
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
  const verdict = { same: 0, hidden: 0, changed: 0, revokedBefore: 0, goneSince: 0 };
  for (const consent of sampled) {
    const now = byId.get(consent.consentId);
    if (now !== undefined) verdict[sameConsent(consent, now) ? 'same' : 'changed'] += 1;
    else if (rows.green.has(consent.consentId)) verdict.hidden += 1;
    else if (rows.blue.has(consent.consentId) && !mayBeExpired(consent)) verdict.goneSince += 1;
    else verdict.revokedBefore += 1;
  }
  return verdict;
}

/** Green leaves out of its rows what is expired; so must we for blue's. */
function mayBeExpired({ rememberForSeconds }: ConsentSample): boolean {
  return rememberForSeconds > 0;
}

function sameConsent(a: ConsentSample, b: ConsentSample): boolean {
  const text = ({ clientId, scope, remember, rememberForSeconds }: ConsentSample) =>
    JSON.stringify([clientId, scope, remember, rememberForSeconds]);
  return text(a) === text(b);
}
