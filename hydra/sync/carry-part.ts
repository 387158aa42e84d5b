import { CutoverFault } from '../../domain/faults';
import { type SqlClient, type Statement, queryRows, runInOrder, together } from '../../domain/ports/sql-client';
import { type CopyPath } from '../paths/copy-path';
import { activeTokensOf, carryGrants, nameParentsOf, tokensOfGrants } from './carry-grants';
import { closeOverFlows, closeOverTies, readFlowKeys, sizeOf } from './closure';
import { NETWORK_SQL } from './fenced-transaction';
import { type FlowKeys } from './flow-plan';
import { type JudgedRevocations, ledgerChange, nameRevoked, readNamedRevocations, stillActive } from './ledger';
import { type LogRow, type NamedKeys, namedKeys } from './log-keys';
import { ByteBudget } from './read-bounded';
import { type BegunRequest, begunRequestChanges, readBegunRequests } from './stale-challenges';
import {
  type FlowNames,
  type Reading,
  type WantedRows,
  nameConsentsOf,
  readTokens,
  readTokensOfLog,
  readWanted,
  withFlowsNamedSince,
} from './wanted-rows';
import { greenChanges } from './write-green';

const COMMIT: Statement = { text: 'COMMIT', values: [] };

interface Sides {
  readonly path: CopyPath;
  readonly blue: SqlClient;
  readonly green: SqlClient;
  readonly loginTtlMs: number;
  readonly networkId?: string;
}

/** What blue says to a part of the log, all in one snapshot. */
export interface PartOfBlue extends JudgedRevocations {
  readonly log: readonly LogRow[];
  readonly reading: Reading;
  readonly named: NamedKeys<'with tokens'>;
  /** What was named when `wanted` was read. */
  readonly before: FlowNames;
  readonly wanted: WantedRows;
  /** Whose tokens are carried altogether. */
  readonly grants: readonly string[];
  readonly activeTokens: readonly string[];
  readonly begun: readonly BegunRequest[];
}

/** A part with what green's rows brought to it. */
export interface WholePart extends PartOfBlue {
  readonly closed: NamedKeys<'closed'>;
  /** Green's flows with one of the keys. */
  readonly present: readonly FlowKeys[];
}

/**
 * Reads what a part of the log is about, in the caller's snapshot. Asks blue alone, so that it can be done while green is written.
 *
 * @throws CutoverFault SYNC_FAILED (a table was truncated) | ROW_UNREADABLE; TooLargeAtOnce
 */
export async function readPart(
  { path, blue, loginTtlMs }: Sides,
  log: readonly LogRow[],
  batchRows: number,
): Promise<PartOfBlue> {
  refuseTruncate(log);
  const reading: Reading = { path, blue, batchRows, budget: new ByteBudget(log.length > 1) };
  const first = namedKeys(path, log);
  // What the log names by itself is read beside the question what it revoked; what that names besides, if anything, after it.
  const [judged, early] = await together(blue, [
    () => readNamedRevocations(blue, first),
    () => readTokensOfLog(reading, first),
    () => closeOverTies(path, blue, first),
  ]);
  const tied = sizeOf(first);
  // With all tokens of its grant, the effect of a revocation is carried whole.
  const grants = nameRevoked(first, judged.revocations);
  const { tokens, named } = await readTokens(reading, await nameParentsOf(blue, first, grants), early);
  if (sizeOf(named) !== tied) await closeOverTies(path, blue, named);
  const [wanted, activeTokens, begun] = await together(blue, [
    () => readWanted(reading, named, tokens),
    () => activeTokensOf(blue, grants),
    () => readBegunRequests(path, blue, named, loginTtlMs),
  ]);
  return {
    ...judged,
    log,
    reading,
    named,
    before: { logins: new Set(named.logins), consents: new Set(named.consents) },
    wanted,
    grants,
    activeTokens,
    begun,
  };
}

/** Asks green what it has of these rows, and blue for what that names besides, in the same snapshot. @throws as {@link readPart} */
export async function completePart({ path, blue, green }: Sides, part: PartOfBlue): Promise<WholePart> {
  const { named, wanted, before, reading } = part;
  const [hasMore, seen] = await together(green, [
    () => nameConsentsOf(green, wanted.rows, named),
    () => readFlowKeys(green, named),
  ]);
  if (hasMore) await closeOverTies(path, blue, named);
  const { flows, named: closed } = await closeOverFlows(path, blue, green, named, hasMore ? undefined : seen);
  return { ...part, closed, present: flows, wanted: await withFlowsNamedSince(reading, wanted, before, closed) };
}

/**
 * Makes green's rows what the part says, and commits. Reads blue, in the same snapshot, where whole grants are carried, and else not.
 * Whatever fails is thrown, and a COMMIT that was sent behind it has undone everything.
 *
 * @returns how many rows of green changed
 */
export async function writePart({ path, blue, green, networkId }: Sides, part: WholePart): Promise<number> {
  const { revocations, grants, activeTokens, closed, present, log } = part;
  const wanted = { ...part.wanted, activeTokens };
  const context = { path, green, nid: networkId ?? (await readNetwork(green)) };
  const changes = greenChanges(context, closed, wanted, present);
  const rest = [...begunRequestChanges(part.begun), ...canaryChanges(log), COMMIT];
  if (revocations.length === 0) return runInOrder(green, inOrder(changes, rest));
  const [before, written, tokens] = await together(green, [
    () => stillActive(green, revocations, wanted),
    () => runInOrder(green, changes),
    () => tokensOfGrants(blue, green, grants),
  ]);
  const rows = written + (await carryGrants(blue, context, grants, tokens, closed, part.reading.batchRows));
  const after = await stillActive(green, revocations, wanted);
  await runInOrder(green, [ledgerChange(revocations, before, after), ...rest]);
  return rows;
}

/** Of green's Hydra, and the same as long as green is. @throws CutoverFault SYNC_FAILED when green was not migrated */
export async function readNetwork(green: SqlClient): Promise<string> {
  const [network] = await queryRows<{ id: string }>(green, NETWORK_SQL);
  if (network === undefined) throw new CutoverFault('SYNC_FAILED', 'green has no row in networks: it was not migrated');
  return network.id;
}

function refuseTruncate(log: readonly LogRow[]): void {
  const tables = [...new Set(log.filter(({ kind }) => kind === 'truncate').map((row) => row.table_name))];
  if (tables.length === 0) return;
  throw new CutoverFault(
    'SYNC_FAILED',
    `on blue ${tables.join(', ')} was truncated, which names no rows that could be carried; undo this cutover and begin a new one with a new snapshot`,
    { tables },
  );
}

function* inOrder<T>(first: Iterable<T>, second: Iterable<T>): Generator<T> {
  yield* first;
  yield* second;
}

function* canaryChanges(log: readonly LogRow[]): Generator<Statement> {
  const canaries = log.filter(({ kind }) => kind === 'canary');
  if (canaries.length === 0) return;
  yield {
    text: `INSERT INTO hydra_cutover.canary (log_id, key, sent_at)
     SELECT id, new_key, at FROM json_to_recordset($1::json) AS canary(id bigint, new_key jsonb, at timestamptz)
     ON CONFLICT DO NOTHING`,
    values: [JSON.stringify(canaries)],
    isOurs: true,
  };
}
