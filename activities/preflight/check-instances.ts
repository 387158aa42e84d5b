import { lookup } from 'node:dns/promises';
import { randomInt } from 'node:crypto';
import { isCutoverFault } from '../../domain/faults';
import { type InstanceDifference, planInstance } from '../../domain/instance-plan';
import { CUTOVER_TAG, type DatabaseInstance } from '../../domain/ports/database-provider';
import { type DatabaseAddress, type DatabaseSession } from '../../domain/ports/databases';
import { queryRows } from '../../domain/ports/sql-client';
import { type PreflightInput } from '../../domain/steps';
import { snapshotIdOf } from '../green/names';
import { type StepContext, type StepDeps } from '../step';
import { type Findings } from './findings';

const GIB = 1_073_741_824;
/** The migration rewrites tables: so much of the database's size must be free besides. */
const FREE_SHARE_MIN = 0.5;
const FREE_SHARE_GOOD = 1;

/** Blue's instance can be copied, and green's name is free. @returns blue's instance */
export async function checkInstances(
  deps: StepDeps,
  input: PreflightInput,
  findings: Findings,
): Promise<{ readonly blue?: DatabaseInstance; readonly green?: DatabaseInstance }> {
  const { blueInstanceId, greenInstanceId } = deps.settings.provider;
  if (blueInstanceId.toLowerCase() === greenInstanceId.toLowerCase()) {
    const fix = 'name another one for green: it is restored into an instance of its own';
    findings.problem('green.rdsInstanceId', `is ${greenInstanceId}, the same instance as blue's`, fix);
  }
  const blue = await deps.provider.describeInstance(blueInstanceId);
  const where = `instance ${blueInstanceId}`;
  if (blue === undefined) {
    findings.problem(where, 'does not exist in this region and account', 'correct blue.rdsInstanceId or rds.region');
  } else {
    if (blue.status !== 'available') {
      findings.problem(where, `is ${blue.status}`, 'wait until RDS has finished', 'available');
    }
    if (blue.hasPendingChanges) {
      findings.warn(where, 'has changes that are not in force yet', 'a maintenance window may restart it meanwhile');
    }
  }
  const green = await deps.provider.describeInstance(greenInstanceId);
  if (green !== undefined && green.tags[CUTOVER_TAG] !== input.cutoverId && greenInstanceId !== blueInstanceId) {
    const owner = green.tags[CUTOVER_TAG];
    findings.problem(
      `instance ${greenInstanceId}`,
      owner === undefined ? 'exists and was not made by a cutover' : `exists and belongs to cutover ${owner}`,
      'ask `hydra-cutover status --from-databases` whether it serves or a cutover needs it; choose another green.rdsInstanceId',
      'a name that is free',
    );
  }
  await checkSnapshotName(deps, input, findings);
  return { ...(blue ? { blue } : {}), ...(green ? { green } : {}) };
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

/** Green's instance can be made as planned. @returns in what it will not be as blue's */
export function checkInstancePlan(
  { settings: { provider } }: StepDeps,
  blue: DatabaseInstance,
  findings: Findings,
): readonly InstanceDifference[] {
  const { problems, differences } = planInstance(blue, provider.greenInstance);
  for (const problem of problems) findings.problem('green.instance', problem, 'correct it, or leave it out');
  return differences;
}

/**
 * The restored copy has the storage that blue has: the migration must fit into what is free of it.
 *
 * @returns what is free; null: not known
 */
export function checkStorage(
  blue: DatabaseInstance,
  sizes: { readonly databaseBytes: number; readonly clusterBytes: number },
  findings: Findings,
): number | null {
  const allocatedBytes = blue.settings.allocatedStorageGib * GIB;
  if (allocatedBytes <= 0) return null;
  const freeBytes = allocatedBytes - sizes.clusterBytes;
  const observed = `${gib(sizes.clusterBytes)} of ${gib(allocatedBytes)} are used by databases; Hydra's is ${gib(sizes.databaseBytes)}`;
  const fix = 'allocate more storage to blue, which green then gets too, or clean up: the migration rewrites tables';
  if (freeBytes < sizes.databaseBytes * FREE_SHARE_MIN) {
    findings.problem('storage of blue', observed, fix, `${gib(sizes.databaseBytes * FREE_SHARE_MIN)} free`);
  } else if (freeBytes < sizes.databaseBytes * FREE_SHARE_GOOD) {
    findings.warn('storage of blue', observed, fix);
  }
  return freeBytes;
}

/** Blue's address is blue's instance: the snapshot is taken of that one. */
export async function checkBlueAddress(deps: StepDeps, blue: DatabaseInstance, findings: Findings): Promise<void> {
  const address = await deps.databases.address('blue');
  const { endpoint } = blue;
  if (endpoint === undefined || (await isSameServer(address, endpoint))) return;
  findings.problem(
    'blue.database.host',
    `leads to ${address.host}:${address.port}, and instance ${blue.instanceId} is at ${endpoint.host}:${endpoint.port}`,
    'correct blue.database.host or blue.rdsInstanceId: the snapshot would be of another database',
  );
}

/**
 * Green's address leads nowhere yet, and never to blue.
 *
 * @param blue a session, outside a transaction
 */
export async function checkCrossed(
  deps: StepDeps,
  blue: DatabaseSession,
  green: DatabaseInstance | undefined,
  findings: Findings,
  context: StepContext,
): Promise<void> {
  const address = await deps.databases.address('green').catch(whenUnreachable);
  if (address === undefined) return;
  const ours = await deps.databases.address('blue');
  const shown = `${address.host}:${address.port}/${address.database}`;
  const fix = "correct green.database: it must be green's own server";
  if (await isSameServer(ours, address)) {
    findings.problem('green.database', `leads to blue's server (${shown})`, fix);
    return;
  }
  const mark = [randomInt(1, 2 ** 31), randomInt(1, 2 ** 31)];
  await blue.query('SELECT pg_advisory_lock($1, $2)', mark);
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
    const seen = await deps.databases.withSession('green', look, options).catch(whenUnreachable);
    if (seen === true) {
      findings.problem('green.database', `leads to blue's server under another name (${shown})`, fix);
    } else if (seen === false && green === undefined) {
      const observed = `somebody answers at ${shown}, and green does not exist yet`;
      findings.problem('green.database', observed, 'leave the host out: the endpoint of the new instance is used');
    }
  } finally {
    await blue.query('SELECT pg_advisory_unlock($1, $2)', mark);
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
