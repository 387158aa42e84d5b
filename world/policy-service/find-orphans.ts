import { CutoverFault } from '../../domain/faults';
import { type HydraAdmin, type HydraSide } from '../service/hydra-admin';
import { type ConsentSessions, type Listing } from './consent-sessions';
import { type PolicyStore, type SubjectPolicies } from './policy-store';

const SUBJECTS_AT_ONCE = 8;
const SUBJECTS_PER_PAGE = 400;

/** Policies without a consent session, as Hydra saw it. */
export interface Orphans {
  /** Only policies last renewed before this moment (the policy database's clock) were judged. */
  readonly asOf: string;
  readonly groups: readonly SubjectPolicies[];
  readonly subjects: number;
  readonly policies: number;
  readonly incomplete: number;
}

export interface FindOrphansDeps {
  readonly store: PolicyStore;
  readonly sessions: ConsentSessions;
  readonly hydra: HydraAdmin;
}

export interface FindOrphansOptions {
  readonly side: HydraSide;
  readonly policyAgeMsMin: number;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/**
 * Compares every policy with Hydra's consent sessions. Changes nothing.
 * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED | DB_UNREACHABLE: then nothing at all is known
 */
export async function findOrphans(deps: FindOrphansDeps, options: FindOrphansOptions): Promise<Orphans> {
  const { side, deadlineMs, signal } = options;
  await assertReady(deps.hydra, side, deadlineMs, signal);
  const asOf = await deps.store.momentAgo(options.policyAgeMsMin);
  const groups: SubjectPolicies[] = [];
  const counts = { subjects: 0, policies: 0, incomplete: 0 };
  let after = '';
  for (;;) {
    const page = await deps.store.subjectsAfter(after, asOf, SUBJECTS_PER_PAGE);
    for (let index = 0; index < page.length; index += SUBJECTS_AT_ONCE) {
      const batch = page.slice(index, index + SUBJECTS_AT_ONCE);
      const ask = async (group: SubjectPolicies): Promise<[SubjectPolicies, Listing]> => [
        group,
        await deps.sessions.missing(side, group.subject, group.clients, { deadlineMs, signal }),
      ];
      for (const [group, listing] of await Promise.all(batch.map(ask))) {
        counts.subjects += 1;
        counts.policies += group.clients.length;
        if (listing.kind === 'incomplete') counts.incomplete += 1;
        else if (listing.missing.length > 0) groups.push({ subject: group.subject, clients: listing.missing });
      }
      signal.throwIfAborted();
    }
    const last = page.at(-1);
    if (last === undefined || page.length < SUBJECTS_PER_PAGE) break;
    after = last.subject;
  }
  await assertReady(deps.hydra, side, deadlineMs, signal);
  return { asOf, groups, ...counts };
}

/** @throws CutoverFault HYDRA_UNREACHABLE */
export async function assertReady(
  hydra: HydraAdmin,
  side: HydraSide,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (await hydra.isReady(side, deadlineMs, signal)) return;
  signal.throwIfAborted();
  const { host } = new URL(side.adminUrl);
  throw new CutoverFault(
    'HYDRA_UNREACHABLE',
    `the Hydra at ${host} is not ready, so its lists say nothing; check GET /health/ready there`,
    { endpoint: host },
  );
}
