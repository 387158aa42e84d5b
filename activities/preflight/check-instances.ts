import { lookup } from 'node:dns/promises';
import { randomInt } from 'node:crypto';
import { isCutoverFault } from '../../domain/faults';
import { type InstanceDifference, planInstance } from '../../domain/instance-plan';
import { CUTOVER_TAG, type DatabaseInstance } from '../../domain/ports/database-provider';
import { type DatabaseAddress, type DatabaseSession } from '../../domain/ports/databases';
import { queryRows } from '../../domain/ports/sql-client';
import { type PreflightInput } from '../../domain/steps';
import { snapshotIdOf } from '../support/names';
import { type StepContext, type StepDeps, type Configured } from '../step';
import { type Findings } from './findings';
import { instanceIdOf, instanceOverridesOf } from '../support/of-side';
import { type Direction } from '../../domain/sides';

const GIB = 1_073_741_824;
/** The migration rewrites tables: so much of the database's size must be free besides. */
const FREE_SHARE_MIN = 0.5;
const FREE_SHARE_GOOD = 1;

/** What the provider knows of both sides before the cutover. */
export interface FoundInstances {
  readonly left?: DatabaseInstance;
  /** What an earlier try of this cutover made, as a rule. */
  readonly entered?: DatabaseInstance;
}

/** The left side's instance can be copied, and the name of the other one is free. */
export async function checkInstances(
  deps: StepDeps,
  input: PreflightInput,
  findings: Findings,
): Promise<FoundInstances> {
  const { from, to } = deps.direction;
  const [leftId, enteredId] = [instanceIdOf(deps, from), instanceIdOf(deps, to)];
  if (leftId.toLowerCase() === enteredId.toLowerCase()) {
    const fix = `name another one for ${to}: it is restored into an instance of its own`;
    findings.problem(`${to}.rdsInstanceId`, `is ${enteredId}, the same instance as ${from}'s`, fix);
  }
  const left = await deps.provider.describeInstance(leftId);
  const where = `instance ${leftId}`;
  if (left === undefined) {
    findings.problem(where, 'does not exist in this region and account', `correct ${from}.rdsInstanceId or rds.region`);
  } else {
    if (left.status !== 'available') {
      findings.problem(where, `is ${left.status}`, 'wait until RDS has finished', 'available');
    }
    if (left.hasPendingChanges) {
      findings.warn(where, 'has changes that are not in force yet', 'a maintenance window may restart it meanwhile');
    }
  }
  const entered = await deps.provider.describeInstance(enteredId);
  if (entered !== undefined && entered.tags[CUTOVER_TAG] !== input.cutoverId && enteredId !== leftId) {
    const owner = entered.tags[CUTOVER_TAG];
    findings.problem(
      `instance ${enteredId}`,
      owner === undefined ? 'exists and was not made by a cutover' : `exists and belongs to cutover ${owner}`,
      `ask \`hydra-cutover status --from-databases\` whether it serves or a cutover needs it; choose another ${to}.rdsInstanceId`,
      'a name that is free',
    );
  }
  await checkSnapshotName(deps, input, findings);
  return { ...(left ? { left } : {}), ...(entered ? { entered } : {}) };
}

/** Its name holds the cutover's id, so that only somebody's own hand can have taken it. */
async function checkSnapshotName({ provider }: StepDeps, input: PreflightInput, findings: Findings): Promise<void> {
  const snapshotId = snapshotIdOf(input.cutoverId);
  const snapshot = await provider.describeSnapshot(snapshotId);
  if (snapshot === undefined || snapshot.tags[CUTOVER_TAG] === input.cutoverId) return;
  const owner = snapshot.tags[CUTOVER_TAG] ?? 'nobody';
  const observed = `exists and belongs to ${owner}, by its tag ${CUTOVER_TAG}`;
  findings.problem(`snapshot ${snapshotId}`, observed, 'find out whose it is, then start again', 'a free name');
}

/** The copy's instance can be made as planned. @returns in what it will not be as the left side's */
export function checkInstancePlan(
  deps: Configured,
  left: DatabaseInstance,
  findings: Findings,
): readonly InstanceDifference[] {
  const { to } = deps.direction;
  const { problems, differences } = planInstance(left, instanceOverridesOf(deps, to));
  for (const problem of problems) findings.problem(`${to}.instance`, problem, 'correct it, or leave it out');
  return differences;
}

/**
 * The restored copy has the storage that the left side has: the migration must fit into what is free of it.
 *
 * @returns what is free; null: not known
 */
export function checkStorage(
  { from, to }: Direction,
  left: DatabaseInstance,
  sizes: { readonly databaseBytes: number; readonly clusterBytes: number },
  findings: Findings,
): number | null {
  const allocatedBytes = left.settings.allocatedStorageGib * GIB;
  if (allocatedBytes <= 0) return null;
  const freeBytes = allocatedBytes - sizes.clusterBytes;
  const observed = `${gib(sizes.clusterBytes)} of ${gib(allocatedBytes)} are used by databases; Hydra's is ${gib(sizes.databaseBytes)}`;
  const fix = `allocate more storage to ${from}, which ${to} then gets too, or clean up: the migration rewrites tables`;
  if (freeBytes < sizes.databaseBytes * FREE_SHARE_MIN) {
    findings.problem(`storage of ${from}`, observed, fix, `${gib(sizes.databaseBytes * FREE_SHARE_MIN)} free`);
  } else if (freeBytes < sizes.databaseBytes * FREE_SHARE_GOOD) {
    findings.warn(`storage of ${from}`, observed, fix);
  }
  return freeBytes;
}

/** The left side's address is that side's instance: the snapshot is taken of that one. */
export async function checkLeftAddress(deps: StepDeps, left: DatabaseInstance, findings: Findings): Promise<void> {
  const { from } = deps.direction;
  const address = await deps.databases.address(from);
  const { endpoint } = left;
  if (endpoint === undefined || (await isSameServer(address, endpoint))) return;
  findings.problem(
    `${from}.database.host`,
    `leads to ${address.host}:${address.port}, and instance ${left.instanceId} is at ${endpoint.host}:${endpoint.port}`,
    `correct ${from}.database.host or ${from}.rdsInstanceId: the snapshot would be of another database`,
  );
}

/**
 * The entered side's address leads nowhere yet, and never to the left one.
 *
 * @param left a session, outside a transaction
 */
export async function checkCrossed(
  deps: StepDeps,
  left: DatabaseSession,
  entered: DatabaseInstance | undefined,
  findings: Findings,
  context: StepContext,
): Promise<void> {
  const { from, to } = deps.direction;
  const address = await deps.databases.address(to).catch(whenUnreachable);
  if (address === undefined) return;
  const ours = await deps.databases.address(from);
  const shown = `${address.host}:${address.port}/${address.database}`;
  const fix = `correct ${to}.database: it must be ${to}'s own server`;
  if (await isSameServer(ours, address)) {
    findings.problem(`${to}.database`, `leads to ${from}'s server (${shown})`, fix);
    return;
  }
  const mark = [randomInt(1, 2 ** 31), randomInt(1, 2 ** 31)];
  await left.query('SELECT pg_advisory_lock($1, $2)', mark);
  try {
    const look = async (session: DatabaseSession) => {
      const [row] = await queryRows<{ seen: boolean }>(
        session,
        `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::bigint::oid
                           AND objid = $2::bigint::oid AND objsubid = 2) AS seen`,
        mark,
      );
      return row?.seen === true;
    };
    const options = { signal: context.signal, purpose: 'preflight' };
    const seen = await deps.databases.withSession(to, look, options).catch(whenUnreachable);
    if (seen === true) {
      findings.problem(`${to}.database`, `leads to ${from}'s server under another name (${shown})`, fix);
    } else if (seen === false && entered === undefined) {
      const observed = `somebody answers at ${shown}, and ${to} does not exist yet`;
      findings.problem(`${to}.database`, observed, 'leave the host out: the endpoint of the new instance is used');
    }
  } finally {
    await left.query('SELECT pg_advisory_unlock($1, $2)', mark);
  }
}

function whenUnreachable(error: unknown): undefined {
  if (isCutoverFault(error) && error.code === 'DB_UNREACHABLE') return undefined;
  throw error;
}

type HostAndPort = Pick<DatabaseAddress, 'host' | 'port'>;

/** One server has several names: an endpoint of the provider, a name of the operator's own, an address. */
async function isSameServer(one: HostAndPort, other: HostAndPort): Promise<boolean> {
  if (one.port !== other.port) return false;
  if (one.host.toLowerCase() === other.host.toLowerCase()) return true;
  const addresses = async (host: string) =>
    (await lookup(host, { all: true }).catch(() => [])).map(({ address }) => address);
  const [first, second] = await Promise.all([addresses(one.host), addresses(other.host)]);
  return first.some((address) => second.includes(address));
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(bytes < 10 * GIB ? 2 : 0)} GiB`;
}
