import { consentsSql } from '../cleaning/rules';
import { STATE_SQL } from '../fixups/repair-states';
import { sqlFile } from '../sql-file';
import { type ColumnType, type GreenTable } from './green-tables';
import { type Condition, type RowKey, hiddenArray, keyConditions } from './selection';

const FOLDER = 'sql';
const FLOW = 'hydra_oauth2_flow';

/** What a column is called in JSON: JavaScript has no 64-bit integers, and JSON's own null would be taken for SQL's. */
const ON_THE_WAY: Readonly<Record<ColumnType, ColumnType>> = {
  text: 'text',
  boolean: 'boolean',
  integer: 'integer',
  bigint: 'text',
  timestamp: 'timestamp',
  uuid: 'uuid',
  jsonb: 'text',
};

/** Where the server would look (networkx): a row in another network is a row that it does not have. */
export const OF_OUR_NETWORK = 'source.nid = (SELECT id FROM networks ORDER BY created_at LIMIT 1)';

/** A query for green-shaped rows, with its parameters. */
export interface RowsQuery {
  readonly sql: string;
  readonly values: readonly (readonly string[])[];
}

/** @returns the query on blue for all rows of a table, columns in the table's order and as they travel */
export function allRowsQuery(table: GreenTable): RowsQuery {
  const made = table.name === FLOW ? flowSql({ among: 'true', logins: 'true' }, '') : tableSql(table, 'true', '');
  return { sql: travelling(table, made), values: [] };
}

/** @returns the queries on blue for the rows of these keys: one for each set of columns that they use */
export function keyedRowsQueries(table: GreenTable, keys: readonly RowKey[]): readonly RowsQuery[] {
  if (table.name === FLOW) return keys.length === 0 ? [] : [flowsOfKeys(table, keys)];
  return keyConditions(table, keys).map(({ sql, values }: Condition) => ({
    sql: travelling(table, tableSql(table, `(${sql})`, 'OFFSET 0')),
    values,
  }));
}

/** Keys above `after`, up to and with `upTo`; null is no bound. */
export interface KeyRange {
  readonly after: string | null;
  readonly upTo: string | null;
}

/**
 * @param by a column of green's row by which blue finds it as well. Flows are those with a consent by `consent_challenge_id`, and those
 * without one by `login_challenge`: a login request of our own making is found by its consent alone
 * @returns the query on blue for the rows of a range, one index look-up for each row of another table that it needs
 */
export function rangeRowsQuery(table: GreenTable, by: string, range: KeyRange): RowsQuery {
  const values = [range.after, range.upTo].filter((bound) => bound !== null).map((bound) => [bound]);
  const made =
    table.name === FLOW
      ? flowsOfRange(by, range)
      : tableSql(table, rangeCondition(`source.${by}`, range, table.columns[by]), 'OFFSET 0');
  return { sql: travelling(table, made), values };
}

/** As {@link rangeRowsQuery}, on green. */
export function greenRangeSql(table: GreenTable, by: string, range: KeyRange): string {
  const condition = rangeCondition(`source.${by}`, range, table.columns[by]);
  const others = table.name === FLOW && by === 'login_challenge' ? ' AND source.consent_challenge_id IS NULL' : '';
  return greenRowsSql(table, `${condition} AND source.${by} IS NOT NULL${others} AND ${OF_OUR_NETWORK}`);
}

/** The bounds are parameters, `after` first: one-element arrays, like all that these queries are told. */
export function rangeCondition(column: string, { after, upTo }: KeyRange, type: ColumnType = 'text'): string {
  const conditions = [
    ...(after === null ? [] : [`${column} > ($1::text[])[1]::${type}`]),
    ...(upTo === null ? [] : [`${column} <= ($${after === null ? 1 : 2}::text[])[1]::${type}`]),
  ];
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}

/** @returns the query on green for its rows, columns as they travel. @param condition on rows named `source` */
export function greenRowsSql(table: GreenTable, condition: string): string {
  return travelling(table, `SELECT * FROM ${table.name} AS source WHERE ${condition}`);
}

/**
 * Green-shaped rows out of JSON: a FROM item `greenRowsFrom(table, '$1')` with all columns of the table in their own types.
 *
 * @param parameter of type jsonb or text: an array of rows as `readTransformed` gives them
 */
export function greenRowsFrom(table: GreenTable, parameter: string): string {
  const columns = Object.entries(table.columns);
  const typed = columns.map(([name, type]) => (ON_THE_WAY[type] === type ? name : `${name}::${type}`));
  const declared = columns.map(([name, type]) => `${name} ${ON_THE_WAY[type]}`);
  return `(SELECT ${typed.join(', ')} FROM jsonb_to_recordset(${parameter}::jsonb) AS travelled(${declared.join(', ')}))`;
}

function travelling(table: GreenTable, rows: string): string {
  const columns = Object.entries(table.columns).map(([name, type]) =>
    ON_THE_WAY[type] === type ? name : `${name}::${ON_THE_WAY[type]} AS ${name}`,
  );
  return `SELECT ${columns.join(', ')} FROM (${rows}) AS made`;
}

/** `OFFSET 0` keeps the planner from joining whole tables. */
type OneByOne = '' | 'OFFSET 0';

function tableSql(table: GreenTable, selected: string, oneByOne: OneByOne): string {
  const isToken = 'session_data' in table.columns;
  const file = isToken ? 'token' : table.name;
  return sqlFile(__dirname, `${FOLDER}/${file}.sql`, {
    selected,
    ...(isToken ? { table: table.name } : {}),
    ...(JOINING.has(file) ? { one_by_one: oneByOne } : {}),
  });
}

/** Files with rows of other tables beside their own. */
const JOINING: ReadonlySet<string> = new Set([
  'token',
  'hydra_oauth2_logout_request',
  'hydra_oauth2_obfuscated_authentication_session',
]);

interface FlowSelection {
  /** On `consent`. */
  readonly among: string;
  /** On `login`: those wanted that keep no consent. */
  readonly logins: string;
  /** On `ranked`: the consents whose flows are wanted. @default all that are judged */
  readonly consents?: string;
}

function flowSql({ among, logins, consents = 'true' }: FlowSelection, oneByOne: OneByOne): string {
  return sqlFile(__dirname, `${FOLDER}/${FLOW}.sql`, {
    consents: consentsSql(among, oneByOne),
    selected_logins: logins,
    selected_consents: consents,
    one_by_one: oneByOne,
    ...STATE_SQL,
  });
}

/** Login requests that are named or whose consent is named, and every consent that is named or shares a login with one of these. */
function flowsOfKeys(table: GreenTable, keys: readonly RowKey[]): RowsQuery {
  const unknown = keys.flatMap(Object.keys).find((name) => !NAMES_OF_FLOWS.includes(name));
  if (unknown !== undefined) throw new Error(`rows of ${table.name} cannot be selected by (${unknown})`);
  const named = (column: string) => keys.flatMap((key) => key[column] ?? []);
  const consents = `named.challenge = ${hiddenArray(2)}`;
  const logins = `ARRAY(SELECT unnest($1::text[]) UNION SELECT named.login_challenge
    FROM hydra_oauth2_consent_request AS named WHERE ${consents} AND named.login_challenge IS NOT NULL)`;
  const among = `consent.challenge = ANY (ARRAY(SELECT unnest($2::text[]) UNION SELECT named.challenge
    FROM hydra_oauth2_consent_request AS named WHERE named.login_challenge = ANY (${logins})))`;
  return {
    sql: travelling(table, flowSql({ among, logins: `login.challenge = ANY (${logins})` }, 'OFFSET 0')),
    values: [named('login_challenge'), named('consent_challenge_id')],
  };
}

/** Consents of one login are judged together, wherever in the range of consents the others are. */
function flowsOfRange(by: string, range: KeyRange): string {
  if (by === 'login_challenge') {
    const logins = rangeCondition('login.challenge', range);
    const among = rangeCondition('consent.login_challenge', range);
    return flowSql({ among, logins, consents: 'false' }, 'OFFSET 0');
  }
  const named = rangeCondition('named.challenge', range);
  const among = `consent.challenge = ANY (ARRAY(
    SELECT named.challenge FROM hydra_oauth2_consent_request AS named WHERE ${named}
    UNION SELECT other.challenge FROM hydra_oauth2_consent_request AS named
      JOIN LATERAL (SELECT one.challenge FROM hydra_oauth2_consent_request AS one
        WHERE one.login_challenge = named.login_challenge OFFSET 0) AS other ON true
      WHERE ${named}))`;
  return flowSql({ among, logins: 'false', consents: rangeCondition('ranked.challenge', range) }, 'OFFSET 0');
}

const NAMES_OF_FLOWS: readonly string[] = ['login_challenge', 'consent_challenge_id'];
