import { asCutoverFault, CutoverFault, isCutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type Gateway, type Target } from '../../domain/ports/targets';
import { type SideName } from '../../domain/sides';
import { describeArbiter, hasTakenWrites, readOutcome, type ArbiterDescription } from '../../hydra/arbiter';
import { type StepDeps } from '../step';
import { assertServes, everyParty } from './parties';
import { type SwitchoverTools } from './tools';

interface EnrolledParty {
  readonly name: string;
  readonly kind: 'gateway' | 'target';
  /** Why it does not serve the entered side, as `CODE: message`; null when it does. */
  readonly problem: string | null;
}

export interface EnrolReceipt {
  readonly cutoverId: string;
  readonly epoch: number;
  readonly parties: readonly EnrolledParty[];
}

type EnrolDeps = Pick<StepDeps, 'direction' | 'databases' | 'gateways' | 'targets'>;

/** What the databases say is committed. */
interface Committed {
  readonly cutoverId: string;
  readonly epoch: number;
  /** The entered side still has which logins and consents of the left one it cannot know. */
  readonly knowsChallenges: boolean;
}

/**
 * Tells gateways and targets which epoch is committed, after both databases were asked: for one that is new, lost its state, or was made
 * to give that epoch up. Idempotent; all are told, also when one fails.
 *
 * @param name one of them; all when undefined
 * @throws CutoverFault USAGE (no party of that name) | CHECK_FAILED (the databases do not say that an epoch is committed and
 *   the entered side takes writes; nobody was told anything) | CROSSED_CONNECTION | DB_UNREACHABLE
 */
export async function enrolParties(
  deps: EnrolDeps,
  tools: Pick<SwitchoverTools, 'readStaleChallenges'>,
  { name, signal }: { readonly name: string | undefined; readonly signal: AbortSignal },
): Promise<EnrolReceipt> {
  const chosen = everyParty(deps).filter((party) => name === undefined || party.name === name);
  if (chosen.length === 0) throw unknownParty(deps, name);
  const committed = await whatIsCommitted(deps, signal);
  const { cutoverId, epoch } = committed;
  const gateways = deps.gateways.filter((gateway) => chosen.includes(gateway));
  const uninformed = committed.knowsChallenges
    ? await informAll(deps, tools, gateways, signal)
    : new Map<Target, string>();
  const parties = chosen.map(async (party): Promise<EnrolledParty> => {
    const kind = gateways.some((gateway) => gateway === party) ? 'gateway' : 'target';
    // Without them it would send browsers to a side that answers them with an error.
    const problem = uninformed.get(party) ?? (await told(deps.direction.to, party, epoch));
    return { name: party.name, kind, problem };
  });
  return { cutoverId, epoch, parties: await Promise.all(parties) };
}

async function told(side: SideName, party: Target, epoch: number): Promise<string | null> {
  try {
    await party.tellCommitted(epoch, side);
    assertServes(side, party.name, await party.read(), epoch);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

/** @returns which gateways did not take them, and why */
async function informAll(
  { databases, direction }: EnrolDeps,
  tools: Pick<SwitchoverTools, 'readStaleChallenges'>,
  gateways: readonly Gateway[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Target, string>> {
  const problems = new Map<Target, string>();
  const inform = async (entered: SqlClient): Promise<void> => {
    for (let lastSeq = 0; ;) {
      const page = await tools.readStaleChallenges(entered, lastSeq);
      for (const gateway of gateways.filter((each) => !problems.has(each))) {
        await gateway.addStaleChallenges(page.entries).catch((error) => problems.set(gateway, problemOf(error)));
      }
      if (page.isLast) return;
      lastSeq = page.lastSeq;
    }
  };
  if (gateways.length > 0) await databases.withSession(direction.to, inform, { signal, purpose: 'enrol' });
  return problems;
}

/** Each is asked now. The entered side's own word that it takes writes is enough; the other one's only once it saw everybody there. */
async function whatIsCommitted(
  { databases, direction: { from, to } }: EnrolDeps,
  signal: AbortSignal,
): Promise<Committed> {
  const look = (side: SideName) =>
    databases
      .withSession(side, lookAt, { signal, purpose: 'enrol' })
      .catch((error: unknown) => ({ silent: asCutoverFault(error) }));
  const seen = [await look(from), await look(to)] as const;
  const [left, entered] = [arbiterOf(seen[0]), arbiterOf(seen[1])];
  if (left !== undefined && left.side !== from) throw crossed(from, left);
  if (entered !== undefined && entered.side !== to) throw crossed(to, entered);
  if (left !== undefined && entered !== undefined && left.cutoverId !== entered.cutoverId) throw crossed(to, entered);
  if (entered !== undefined && hasTakenWrites(entered, to)) {
    return { cutoverId: entered.cutoverId, epoch: entered.epoch, knowsChallenges: true };
  }
  const isOver = left?.state === 'committed' && entered === undefined && 'finalized' in seen[0] && seen[0].finalized;
  if (isOver) return { cutoverId: left.cutoverId, epoch: left.epoch, knowsChallenges: false };
  const silent = seen.flatMap((side) => ('silent' in side ? [side.silent] : []));
  // What the other one says is not enough, so the one that is away decides.
  if (silent[0] !== undefined) throw silent[0];
  throw new CutoverFault(
    'CHECK_FAILED',
    `no epoch is committed and taken up by ${to} (${from}: ${tell(left)}; ${to}: ${tell(entered)}), so nobody was told anything; ` +
      '`hydra-cutover status --from-databases` says how things stand',
  );
}

type Seen =
  { readonly arbiter: ArbiterDescription | undefined; readonly finalized: boolean } | { readonly silent: CutoverFault };

async function lookAt(client: SqlClient): Promise<Seen> {
  const arbiter = await describeArbiter(client);
  return { arbiter, finalized: arbiter !== undefined && (await readOutcome(client)).finalized };
}

function arbiterOf(seen: Seen): ArbiterDescription | undefined {
  return 'arbiter' in seen ? seen.arbiter : undefined;
}

function tell(arbiter: ArbiterDescription | undefined): string {
  return arbiter === undefined ? 'no arbiter' : `${arbiter.state}, epoch ${arbiter.epoch}`;
}

function crossed(reachedAs: SideName, { side, cutoverId }: ArbiterDescription): CutoverFault {
  return new CutoverFault(
    'CROSSED_CONNECTION',
    `the database reached as ${reachedAs} is the ${side} side of cutover ${cutoverId}; nobody was told anything; check the addresses of both sides`,
    { cutoverId },
  );
}

function unknownParty(deps: EnrolDeps, name: string | undefined): CutoverFault {
  const known = everyParty(deps).map((party) => party.name);
  const what =
    name === undefined ? 'the config has neither gateways nor targets' : `no gateway or target is called ${name}`;
  return new CutoverFault(
    'USAGE',
    `${what}${known.length === 0 ? '' : ` (there are ${known.join(', ')})`}; nobody was told anything`,
  );
}

/** The text of an error that nobody foresaw may hold anything. */
function problemOf(error: unknown): string {
  return isCutoverFault(error) ? `${error.code}: ${error.message}` : 'INTERNAL: it could not be told';
}
