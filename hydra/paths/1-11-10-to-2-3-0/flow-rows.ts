import { sqlFile } from '../../sql-file';
import { type OneByOne, flowNames, hiddenArray, rangeCondition } from '../../transform/selection';
import { type KeyRange, type RowKey, type RowsQuery, type SourceRows } from '../copy-path';
import { JUDGED_COLUMNS, consentsAmong, consentsSql } from './cleaning/rules';
import { STATE_SQL } from './fixups/repair-states';

interface FlowSelection {
  /** Which consents are judged: a query as {@link consentsAmong} makes it. */
  readonly among: string;
  /** On `login`: those wanted that keep no consent. */
  readonly logins: string;
  /** On `ranked`: the consents whose flows are wanted. @default all that are judged */
  readonly consents?: string;
}

/** Flows are those with a consent by `consent_challenge_id`, and those without one by `login_challenge`: a login request of our own making is found by its consent alone. */
export const FLOW_ROWS: SourceRows = {
  all: () => flowSql({ among: consentsAmong('true'), logins: 'true' }, ''),
  ofKeys: (_table, keys) => [flowsOfKeys(keys)],
  ofRange: (_table, by, range) => flowsOfRange(by, range),
};

/** How rows that were found when they were judged are read again: by their key, or by their place, in the same snapshot. */
const AGAIN = [
  ['login_of_ranked', 'one.challenge = ranked.login_challenge', 'ranked.login_place'],
  ['consent_of_ranked', 'one.challenge = ranked.challenge', 'ranked.place'],
  ['answer_of_request', 'one.challenge = request.challenge', 'request.answer_place'],
  ['consent_of_request', 'one.challenge = request.consent_challenge', 'request.consent_place'],
  ['consent_answer_of_request', 'one.challenge = request.consent_challenge', 'request.consent_answer_place'],
] as const;

function flowSql({ among, logins, consents = 'true' }: FlowSelection, oneByOne: OneByOne): string {
  return sqlFile(__dirname, 'rows/hydra_oauth2_flow.sql', {
    consents: consentsSql(among, oneByOne),
    selected_logins: logins,
    selected_consents: consents,
    one_by_one: oneByOne,
    // A row that was found one by one is read where it was found; else the tables are joined.
    ...Object.fromEntries(AGAIN.map(([name, key, place]) => [name, oneByOne === '' ? key : `one.ctid = ${place}`])),
    ...STATE_SQL,
  });
}

/** Login requests that are named or whose consent is named, and every consent that is named or shares a login with one of these. */
function flowsOfKeys(keys: readonly RowKey[]): RowsQuery {
  const consents = `named.challenge = ${hiddenArray(2)}`;
  const logins = `ARRAY(SELECT unnest($1::text[]) UNION SELECT named.login_challenge
    FROM hydra_oauth2_consent_request AS named WHERE ${consents} AND named.login_challenge IS NOT NULL)`;
  const among = consentsAmong(`named.challenge = ANY (ARRAY(SELECT unnest($2::text[]) UNION SELECT named.challenge
    FROM hydra_oauth2_consent_request AS named WHERE named.login_challenge = ANY (${logins})))`);
  return { sql: flowSql({ among, logins: `login.challenge = ANY (${logins})` }, 'OFFSET 0'), values: flowNames(keys) };
}

/** Consents of one login are judged together, wherever in the range of consents the others are. */
function flowsOfRange(by: string, range: KeyRange): string {
  if (by === 'login_challenge') {
    const logins = rangeCondition('login.challenge', range);
    const among = consentsAmong(rangeCondition('named.login_challenge', range));
    return flowSql({ among, logins, consents: 'false' }, 'OFFSET 0');
  }
  const named = rangeCondition('named.challenge', range);
  const others = ['ctid', ...JUDGED_COLUMNS].map((column) => `one.${column}`).join(', ');
  const among = `${consentsAmong(named)}
    UNION ALL
    SELECT DISTINCT ${JUDGED_COLUMNS.map((column) => `other.${column}`).join(', ')}, other.ctid
      FROM hydra_oauth2_consent_request AS named
      JOIN LATERAL (SELECT ${others} FROM hydra_oauth2_consent_request AS one
        WHERE one.login_challenge = named.login_challenge OFFSET 0) AS other ON true
      WHERE ${named} AND NOT (${rangeCondition('other.challenge', range)})`;
  return flowSql({ among, logins: 'false', consents: rangeCondition('ranked.challenge', range) }, 'OFFSET 0');
}
