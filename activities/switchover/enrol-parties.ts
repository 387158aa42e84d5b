import { asCutoverFault, CutoverFault, isCutoverFault } from '../../domain/faults';
import { type SqlClient } from '../../domain/ports/sql-client';
import { type Gateway, type Target } from '../../domain/ports/targets';
import { describeArbiter, hasTakenWrites, readOutcome, type ArbiterDescription } from '../../hydra/arbiter';
import { type StepDeps } from '../step';
import { assertServesGreen, everyParty } from './parties';
import { type SwitchoverTools } from './tools';

export interface EnrolledParty {
  readonly name: string;
  readonly kind: 'gateway' | 'target';
  /** Why it does not serve green, as `CODE: message`; null when it does. */
  readonly problem: string | null;
}

export interface EnrolReceipt {
  readonly cutoverId: string;
  readonly epoch: number;
  readonly parties: readonly EnrolledParty[];
}

type EnrolDeps = Pick<StepDeps, 'databases' | 'gateways' | 'targets'>;

/** What the databases say is committed. */
interface Committed {
  readonly cutoverId: string;
  readonly epoch: number;
  /** Green still has what logins and consents of blue it cannot know. */
  readonly knowsChallenges: boolean;
}

/**
 * Tells gateways and targets which epoch is committed, after both databases were asked: for one that is new, lost its state, or was made
 * to give that epoch up. Idempotent; all are told, also when one fails.
 *
 * @param name one of them; all when undefined
 * @throws CutoverFault USAGE (no party of that name) | CHECK_FAILED (the databases do not say that an epoch is committed and green takes
 *   writes; nobody was told anything) | CROSSED_CONNECTION | DB_UNREACHABLE
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
    // Without them it would send browsers to green that green answers with an error.
    const problem = uninformed.get(party) ?? (await told(party, epoch));
    return { name: party.name, kind, problem };
  });
  return { cutoverId, epoch, parties: await Promise.all(parties) };
}

async function told(party: Target, epoch: number): Promise<string | null> {
  try {
    await party.tellCommitted(epoch, 'green');
    assertServesGreen(party.name, await party.read(), epoch);
    return null;
  } catch (error) {
    return problemOf(error);
  }
}

/** @returns which gateways did not take them, and why */
async function informAll(
  { databases }: EnrolDeps,
  tools: Pick<SwitchoverTools, 'readStaleChallenges'>,
  gateways: readonly Gateway[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Target, string>> {
  const problems = new Map<Target, string>();
  const inform = async (green: SqlClient): Promise<void> => {
    for (let lastSeq = 0; ;) {
      const page = await tools.readStaleChallenges(green, lastSeq);
      if (page.entries.length === 0) return;
      for (const gateway of gateways.filter((each) => !problems.has(each))) {
        await gateway.addStaleChallenges(page.entries).catch((error) => problems.set(gateway, problemOf(error)));
      }
      lastSeq = page.lastSeq;
    }
  };
  if (gateways.length > 0) await databases.withSession('green', inform, { signal, purpose: 'enrol' });
  return problems;
}

/** Each is asked now. Green's own word that it takes writes is enough; blue's only once it saw everybody there. */
async function whatIsCommitted({ databases }: EnrolDeps, signal: AbortSignal): Promise<Committed> {
  const look = (side: 'blue' | 'green') =>
    databases
      .withSession(side, lookAt, { signal, purpose: 'enrol' })
      .catch((error: unknown) => ({ silent: asCutoverFault(error) }));
  const [blue, green] = [await look('blue'), await look('green')];
  const [left, entered] = [arbiterOf(blue), arbiterOf(green)];
  if (left !== undefined && left.side !== 'blue') throw crossed('blue', left);
  if (entered !== undefined && entered.side !== 'green') throw crossed('green', entered);
  if (left !== undefined && entered !== undefined && left.cutoverId !== entered.cutoverId)
    throw crossed('green', entered);
  if (entered !== undefined && hasTakenWrites(entered)) {
    return { cutoverId: entered.cutoverId, epoch: entered.epoch, knowsChallenges: true };
  }
  const isOver = left?.state === 'committed' && entered === undefined && 'finalized' in blue && blue.finalized;
  if (isOver) return { cutoverId: left.cutoverId, epoch: left.epoch, knowsChallenges: false };
  const silent = [blue, green].flatMap((side) => ('silent' in side ? [side.silent] : []));
  // What the other one says is not enough, so the one that is away decides.
  if (silent[0] !== undefined) throw silent[0];
  throw new CutoverFault(
    'CHECK_FAILED',
    `no epoch is committed and taken up by green (blue: ${tell(left)}; green: ${tell(entered)}), so nobody was told anything; ` +
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

function crossed(reachedAs: 'blue' | 'green', { side, cutoverId }: ArbiterDescription): CutoverFault {
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
