import { CutoverFault } from '../../domain/faults';
import { type SqlClient, type Statement, runInOrder, together } from '../../domain/ports/sql-client';
import { type Direction, type SideName } from '../../domain/sides';
import { type CopyPath } from '../paths/copy-path';
import { explainPlanted } from '../planted';
import { type TokensOfGrants, activeTokensOf, carryGrants, nameParentsOf, tokensOf } from './carry-grants';
import { closeOverFlows, closeOverTies, readFlowKeys, sizeOf } from './closure';
import { lookAgain, readNetwork } from './syncer-transaction';
import { type FlowKeys } from './flow-plan';
import {
  type CarriedRevocations,
  type JudgedRevocations,
  ledgerChange,
  nameRevoked,
  readNamedRevocations,
  stillActive,
} from './ledger';
import { type LogRow, type NamedKeys, namedKeys } from './log-keys';
import { ByteBudget, type RowSizes, TooLargeAtOnce } from './read-bounded';
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
import { rowChanges } from './write-rows';

const COMMIT: Statement = { text: 'COMMIT', values: [] };

interface Sides {
  readonly path: CopyPath;
  readonly direction: Direction;
  readonly from: SqlClient;
  readonly to: SqlClient;
  readonly loginTtlMs: number;
  readonly networkId?: string;
  /** Of Hydra's tables. */
  readonly schema: string;
}

/** What one transaction of a round knows from those before it. */
export interface RoundMemory {
  readonly carried: CarriedRevocations;
  readonly sizes: RowSizes;
}

/** What the source says to a part of the log, all in one snapshot. */
export interface SourcePart extends JudgedRevocations {
  readonly log: readonly LogRow[];
  readonly reading: Reading;
  readonly named: NamedKeys<'with tokens'>;
  /** What was named when `wanted` was read. */
  readonly before: Pick<FlowNames, 'logins' | 'consents'>;
  readonly wanted: WantedRows;
  /** Whose tokens are carried altogether. */
  readonly grants: readonly string[];
  /** And which these are on the source. */
  readonly ofGrants: TokensOfGrants;
  readonly activeTokens: readonly string[];
  readonly begun: readonly BegunRequest[];
}

/** A part with what the target's rows brought to it. */
export interface WholePart extends SourcePart {
  readonly closed: NamedKeys<'closed'>;
  /** The target's flows with one of the keys. */
  readonly present: readonly FlowKeys[];
  /** Of the grants that are carried altogether, on either side. */
  readonly tokens: readonly TokensOfGrants[];
}

/**
 * Reads what a part of the log is about, in the caller's snapshot. Asks the source alone, so that it can be done while the target is written.
 *
 * @throws CutoverFault SYNC_FAILED (a table was truncated) | ROW_UNREADABLE; TooLargeAtOnce
 */
export async function readPart(
  { path, direction, from, loginTtlMs }: Sides,
  log: readonly LogRow[],
  { batchRows, carried, sizes }: { readonly batchRows: number } & RoundMemory,
): Promise<SourcePart> {
  refuseTruncate(log, direction.from);
  const reading: Reading = { path, from, batchRows, sizes, budget: new ByteBudget(log.length > 1) };
  const first = namedKeys(path, log);
  // What the log names by itself is read beside the question what it revoked; what that names besides, if anything, after it.
  const [judged, early] = await together(from, [
    () => readNamedRevocations(from, first),
    () => readTokensOfLog(reading, first),
    () => closeOverTies(path, from, first),
  ]);
  const tied = sizeOf(first);
  // With all tokens of its grant, the effect of a revocation is carried whole.
  const revocations = judged.revocations.filter((revocation) => !carried.has(revocation));
  const grants = nameRevoked(first, revocations);
  const [parents, ofGrants] = await together(from, [
    () => nameParentsOf(from, first, grants),
    () => tokensOf(from, grants),
  ]);
  refuseMany(ofGrants, grants);
  const { tokens, named } = await readTokens(reading, parents, early);
  if (sizeOf(named) !== tied) await closeOverTies(path, from, named);
  const [wanted, activeTokens, begun] = await together(from, [
    () => readWanted(reading, named, tokens),
    () => activeTokensOf(from, grants),
    () => readBegunRequests(path, from, named, loginTtlMs),
  ]);
  return {
    rotated: judged.rotated,
    revocations,
    log,
    reading,
    named,
    before: { logins: new Set(named.logins), consents: new Set(named.consents) },
    wanted,
    grants,
    ofGrants,
    activeTokens,
    begun,
  };
}

/** Asks the target what it has of these rows, and the source what that names besides, in the same snapshot. @throws as {@link readPart} */
export async function completePart({ path, from, to }: Sides, part: SourcePart): Promise<WholePart> {
  const { named, wanted, before, reading } = part;
  const [hasMore, seen, ofGrants] = await together(to, [
    () => nameConsentsOf(to, wanted.rows, named),
    () => readFlowKeys(to, named),
    () => tokensOf(to, part.grants),
  ]);
  refuseMany(ofGrants, part.grants);
  if (hasMore) await closeOverTies(path, from, named);
  const { flows, named: closed } = await closeOverFlows(path, from, to, named, hasMore ? undefined : seen);
  return {
    ...part,
    closed,
    present: flows,
    wanted: await withFlowsNamedSince(reading, wanted, before, closed),
    tokens: [ofGrants, part.ofGrants],
  };
}

/** Long chains are carried one by one: with 500 of them in one transaction, the source's snapshot would be minutes old at its end. */
function refuseMany(tokens: TokensOfGrants, grants: readonly string[]): void {
  if (tokens === 'many' && grants.length > 1) throw new TooLargeAtOnce();
}

/**
 * Makes the target's rows what the part says, and commits. Reads the source, in the same snapshot, only where whole grants are carried.
 * Whatever fails is thrown, and a COMMIT that was sent behind it has undone everything.
 *
 * @returns how many rows of the target changed
 * @throws CutoverFault CHECK_FAILED (something was put on the target's tables meanwhile)
 */
export async function writePart(sides: Sides, part: WholePart): Promise<number> {
  return writeAll(sides, part).catch((error: unknown) => explainPlanted(error, sides.direction.to));
}

async function writeAll({ path, direction, from, to, networkId, schema }: Sides, part: WholePart): Promise<number> {
  const { revocations, grants, activeTokens, closed, present, log } = part;
  const wanted = { ...part.wanted, activeTokens };
  const context = { path, to, nid: networkId ?? (await readNetwork(to, direction.to)) };
  const changes = rowChanges(context, closed, wanted, present);
  const rest = [...begunRequestChanges(part.begun), ...canaryChanges(log), lookAgain(path, schema), COMMIT];
  if (revocations.length === 0) return runInOrder(to, inOrder(changes, rest));
  const [before, written] = await together(to, [
    () => stillActive(to, revocations, wanted),
    () => runInOrder(to, changes),
  ]);
  const rows = written + (await carryGrants(from, context, grants, part.tokens, closed));
  const after = await stillActive(to, revocations, wanted);
  await runInOrder(to, [ledgerChange(revocations, before, after, direction.to), ...rest]);
  return rows;
}

function refuseTruncate(log: readonly LogRow[], side: SideName): void {
  const tables = [...new Set(log.filter(({ kind }) => kind === 'truncate').map((row) => row.table_name))];
  if (tables.length === 0) return;
  throw new CutoverFault(
    'SYNC_FAILED',
    `on ${side} ${tables.join(', ')} was truncated, which names no rows that could be carried; undo this cutover and begin a new one with a new snapshot`,
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
