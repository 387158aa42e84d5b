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

/** A query for green-shaped rows, with its parameters. */
export interface RowsQuery {
  readonly sql: string;
  readonly values: readonly (readonly string[])[];
}

/** @returns the query on blue for all rows of a table, columns in the table's order and as they travel */
export function allRowsQuery(table: GreenTable): RowsQuery {
  const made = table.name === FLOW ? flowSql('true', 'true', '') : tableSql(table, 'true');
  return { sql: travelling(table, made), values: [] };
}

/** @returns the queries on blue for the rows of these keys: one for each set of columns that they use */
export function keyedRowsQueries(table: GreenTable, keys: readonly RowKey[]): readonly RowsQuery[] {
  if (table.name === FLOW) return keys.length === 0 ? [] : [flowsOfKeys(table, keys)];
  return keyConditions(table, keys).map(({ sql, values }: Condition) => ({
    sql: travelling(table, tableSql(table, `(${sql})`)),
    values,
  }));
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

function tableSql(table: GreenTable, selected: string): string {
  const isToken = 'session_data' in table.columns;
  return isToken
    ? sqlFile(__dirname, `${FOLDER}/token.sql`, { table: table.name, selected })
    : sqlFile(__dirname, `${FOLDER}/${table.name}.sql`, { selected });
}

/** @param oneByOne `OFFSET 0` keeps the planner from joining whole tables */
function flowSql(among: string, selectedLogins: string, oneByOne: '' | 'OFFSET 0'): string {
  return sqlFile(__dirname, `${FOLDER}/${FLOW}.sql`, {
    consents: consentsSql(among),
    selected_logins: selectedLogins,
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
    sql: travelling(table, flowSql(among, `login.challenge = ANY (${logins})`, 'OFFSET 0')),
    values: [named('login_challenge'), named('consent_challenge_id')],
  };
}

const NAMES_OF_FLOWS: readonly string[] = ['login_challenge', 'consent_challenge_id'];
