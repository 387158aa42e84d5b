import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { type SqlClient } from '../../domain/ports/sql-client';

/**
 * Tables that a Hydra keeps which was reached by copying and carrying rows, in the order in which rows can be inserted so that every
 * foreign key finds its parent (delete in the reverse). Every path there is leads to them.
 */
export const CARRIED_TABLE_NAMES = [
  'hydra_client',
  'hydra_jwk',
  'hydra_oauth2_trusted_jwt_bearer_issuer',
  'hydra_oauth2_jti_blacklist',
  'hydra_oauth2_authentication_session',
  'hydra_oauth2_obfuscated_authentication_session',
  'hydra_oauth2_flow',
  'hydra_oauth2_logout_request',
  'hydra_oauth2_code',
  'hydra_oauth2_pkce',
  'hydra_oauth2_oidc',
  'hydra_oauth2_access',
  'hydra_oauth2_refresh',
] as const;
export type CarriedTableName = (typeof CARRIED_TABLE_NAMES)[number];

/** Types of the target's columns, as PostgreSQL casts to them. Lengths are left out: an insert checks them. */
export type ColumnType = 'text' | 'boolean' | 'integer' | 'bigint' | 'timestamp' | 'uuid' | 'jsonb';

/** What one version of Hydra keeps in a table. */
export interface TargetTable {
  readonly name: CarriedTableName;
  /** What a row is known by on both sides, apart from `nid`. */
  readonly key: readonly string[];
  /** Whether the target's unique index on the key has `nid` besides. */
  readonly isKeyOfNetwork?: true;
  /** All of the target's columns in a fixed order, but for `nid` and those that a path leaves to be filled. */
  readonly columns: Readonly<Record<string, ColumnType>>;
}

/** A table of the target, and how its rows are made of the source's. */
export interface CarriedTable extends TargetTable {
  /** Columns whose values the vendor's migration draws at random: not compared, filled by this SQL on insert and left alone on update. */
  readonly filled: Readonly<Record<string, string>>;
  /** Sets of columns that rows of the source can be selected by; an index of the source stands behind each but where the table is small. */
  readonly selectableBy: readonly (readonly string[])[];
  readonly rows: SourceRows;
  /** @default one, by the first column of the key, which the source has in a table of the same name */
  readonly walks?: readonly TableWalk[];
  /** Said of a row that PostgreSQL could make nothing of: what it may hold and what to do about it. */
  readonly unreadable: string;
}

/** One way through a table, by ranges of a column that both sides have an index on. */
export interface TableWalk {
  readonly name: string;
  /** Column of the target's row. */
  readonly by: string;
  /** Condition on the target's rows `source`, where this walk leaves others to another one. */
  readonly only?: string;
  /** Where the source has its values. */
  readonly source: { readonly table: string; readonly column: string };
}

/** Values of one of a table's `selectableBy` sets; a row of the selection may leave out columns that it does not know. */
export type RowKey = Readonly<Record<string, string>>;

/** Keys above `after`, up to and with `upTo`; null is no bound. */
export interface KeyRange {
  readonly after: string | null;
  readonly upTo: string | null;
}

/** A query, with its parameters: one array for each column. */
export interface RowsQuery {
  readonly sql: string;
  readonly values: readonly (readonly string[])[];
}

/** Queries on the source for rows as the target has them: every column of the table, by its name. */
export interface SourceRows {
  readonly all: () => string;
  /** One query for each set of columns that the keys use. */
  readonly ofKeys: (table: CarriedTable, keys: readonly RowKey[]) => readonly RowsQuery[];
  /** The bounds are parameters, `after` first. @param by see {@link TableWalk.by} */
  readonly ofRange: (table: CarriedTable, by: string, range: KeyRange) => string;
}

/** A table of the source whose changes are logged, with what the log keeps of a row. Names are the source's columns. */
export interface CapturedTable {
  readonly table: string;
  /** What identifies a row. */
  readonly key: readonly string[];
  /** What leads to the rows that belong to it. */
  readonly relations: readonly string[];
  /** Which columns name a flow of the target, where a row becomes part of one. @default it becomes a row of the same name and key */
  readonly flow?: FlowColumns;
  /** What may have been revoked when a row changes so or goes. */
  readonly revokes?: Revokes;
}

interface FlowColumns {
  readonly login?: string;
  readonly consent?: string;
  /** Whether an inserted row begins one that a browser may come back with. */
  readonly begins?: 'login' | 'consent';
}

export type Revokes =
  | { readonly what: 'chain' | 'access' | 'login session' | 'client' }
  | { readonly what: 'consent'; readonly by: string; readonly when: string };

export type RuleKind = 'clean' | 'refuse';

/** Something in the source's data that the migration stumbles over or loses. */
export interface CleaningRule {
  readonly title: string;
  /** `refuse`: nobody but a person can decide, and nothing is changed while such a rule counts a row. */
  readonly kind: RuleKind;
  /** What the rule does, or what a person has to do. */
  readonly fix: string;
  /** Whether rows go, all that it counts or some of them. */
  readonly removes?: true;
}

export interface Cleaning {
  /** By their ids, in the order in which they are applied. */
  readonly rules: Readonly<Record<string, CleaningRule>>;
  /** @returns SQL that lists what the rule applies to, as (table_name, key) */
  readonly detectSql: (id: string) => string;
  /** @returns SQL of a rule of kind `clean`; several statements */
  readonly fixSql: (id: string) => string;
  /** Makes the functions that the rules' SQL calls, in the session's temporary schema; for use inside a transaction. */
  readonly prepare: (client: SqlClient) => Promise<void>;
  /** Whose rows a rule may touch: what is touched is archived. */
  readonly tables: readonly string[];
}

/** What is fixed on the target after the migration. */
interface Fixup {
  readonly id: string;
  /** Idempotent. @returns how many rows were changed */
  readonly apply: (target: SqlClient) => Promise<number>;
  /** @returns how many rows still need it */
  readonly count: (target: SqlClient) => Promise<number>;
}

/** What was under way on the source when requests were held, and does not go on elsewhere. */
export interface NotCarried {
  readonly what: string;
  readonly count: number;
  readonly why: string;
}

/** What both Hydras are asked. */
export type AnswerQuestion =
  'client' | 'consent' | 'discovery' | 'introspection' | 'keys' | 'trusted_issuer' | 'userinfo';

export interface ExpectedDifference<Question extends string = AnswerQuestion> {
  readonly question: Question;
  /** As `AnswerDifference.path`; what lies below it is meant too. */
  readonly path: string;
  readonly reason: string;
  readonly whose: 'Hydra' | 'hydra-cutover';
  /** Which values may differ so. @default all */
  readonly when?: (source: unknown, target: unknown) => boolean;
  /** What the target calls a field that lies below. @default as the source */
  readonly nameOnTarget?: (source: string) => string;
}

/** How the source keeps what its users consented to. SQL of one parameter, a list of text. */
export interface SourceConsents {
  /** One row for each consent, with `subject` and `client_id`; and which of its rows are one. */
  readonly table: string;
  readonly condition: string;
  /** Ids of consents → `id` of those that are there, with "loginChallenge" and "loginSession", which it may have forgotten. */
  readonly present: string;
  /** Subjects → `subject`, `consents` (JSON of consentId and clientId) that Hydra lists. */
  readonly listed: string;
}

/** Where requests under way are that only the source's Hydra can end. Columns: challenge, verifier, request_url, requested_at. */
export interface BegunRequests {
  readonly table: string;
  readonly of: 'login' | 'consent';
}

/**
 * All that is about one way from a version of Hydra to another by a copy: what capture, cleaning, sync, parity and validation are
 * handed. None of them knows a version of Hydra.
 */
export interface CopyPath {
  readonly from: SupportedHydraVersion;
  readonly to: SupportedHydraVersion;
  readonly captured: readonly CapturedTable[];
  /** Read on the source beside the captured tables. @default none */
  readonly readBesides?: readonly string[];
  /** In the order of {@link CARRIED_TABLE_NAMES}. */
  readonly tables: readonly CarriedTable[];
  /** Makes what the queries of {@link SourceRows} call, in the session's temporary schema. Idempotent. */
  readonly prepareSource: (source: SqlClient) => Promise<void>;
  /** A table that the source has and one that it has not: any other database is not meant. */
  readonly marks: { readonly has: string; readonly lacks?: string };
  readonly cleaning: Cleaning;
  readonly fixups: readonly Fixup[];
  /** Logins ($1) and consents ($2) → `login`, `consent` of all that hang together with them on the source. */
  readonly tiesSql: string;
  readonly begunRequests: readonly BegunRequests[];
  /** Consents ($1) and logins ($2) → `challenge`, `all` of those that cannot be carried. @default every row can */
  readonly unreadableSql?: string;
  /** Times that logins took ($1: pages to look at, $2: how long they may take) → `slower`, `slowest_ms`. @default the source does not keep them */
  readonly slowLoginsSql?: string;
  /** → `origin`, `clients` that allow it for themselves. */
  readonly clientOriginsSql: string;
  readonly consents: SourceConsents;
  /** @param heldAt when requests were first held: ISO-8601, the source's clock */
  readonly underWay: (
    source: SqlClient,
    schema: string,
    heldAt: string,
    loginTtlMs: number,
  ) => Promise<readonly NotCarried[]>;
  /** Everything that the target's Hydra may answer otherwise than the source's. Whatever is on no line here is a defect. */
  readonly differences: readonly ExpectedDifference[];
}

/** Every table of the source whose rows are read. */
export function sourceTables({ captured, readBesides = [] }: CopyPath): readonly string[] {
  return [...captured.map(({ table }) => table), ...readBesides];
}

export function tableOf(path: Pick<CopyPath, 'tables'>, name: CarriedTableName): CarriedTable {
  const found = path.tables.find((table) => table.name === name);
  if (found === undefined) throw new Error(`${name} is carried by no path`);
  return found;
}
