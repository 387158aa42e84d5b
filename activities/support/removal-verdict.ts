import { type JobRemoval } from '../../domain/ports/targets';
import { type ListedConsent } from '../../hydra/validation';

/** `intact`: the consent that it hangs on is listed. `hidden`: it is there, and Hydra does not list it. */
export type RemovalVerdict = 'explained' | 'intact' | 'hidden';

/** What is known of the consents of one subject. */
export interface SubjectConsents {
  /** That the left side listed at the commit. */
  readonly before: readonly ListedConsent[];
  /** That the entered side's Hydra lists now. */
  readonly listed: readonly ListedConsent[];
  /** Of `before` and of what a job names, ids that the entered side's database has and that are not expired, whosever they are there. */
  readonly valid: ReadonlySet<string>;
}

/**
 * Judges one removal by positive proof: it is explained by a consent that is gone, and by nothing else. One is gone that the left side had
 * not at the commit (revoked, expired, or never there), or that the entered side's database has no more (revoked since). A subject who lost nothing is
 * not explained, however well it is listed.
 *
 * Pure. What names a subject alone is explained by any consent that went since the commit; one that was revoked before, beside others that
 * are left, cannot be told from a mistake then, so that a job should name the client or the consent.
 */
export function judgeRemoval(removal: JobRemoval, { before, listed, valid }: SubjectConsents): RemovalVerdict {
  const concerns = ({ consentId, clientId }: ListedConsent): boolean =>
    (removal.client === undefined || removal.client === clientId) &&
    (removal.consent === undefined || removal.consent === consentId);
  const listedIds = new Set(listed.map(({ consentId }) => consentId));
  const { consent } = removal;
  if (consent !== undefined && valid.has(consent) && !listedIds.has(consent)) return 'hidden';
  const concerned = before.filter(concerns);
  if (concerned.some(({ consentId }) => valid.has(consentId) && !listedIds.has(consentId))) return 'hidden';
  if (!listed.some(concerns)) return 'explained';
  const namesMore = removal.client !== undefined || removal.consent !== undefined;
  const lostOne = concerned.some(({ consentId }) => !listedIds.has(consentId));
  return !namesMore && lostOne ? 'explained' : 'intact';
}
