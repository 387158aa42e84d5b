import { sqlFile } from '../../sql-file';
import { type OneByOne, flowNames, hiddenArray, rangeCondition } from '../../transform/selection';
import { type KeyRange, type RowKey, type RowsQuery, type SourceRows } from '../copy-path';
import { consentsAmong, consentsSql } from './cleaning/rules';
import { STATE_SQL } from './fixups/repair-states';

interface FlowSelection {
  /** Which consents are judged: a query as {@link consentsAmong} makes it. */
  readonly among: string;
  /** On `login`: those wanted that keep no consent. */
  readonly logins: string;
}

/** Flows are those with a consent by `consent_challenge_id`, and those without one by `login_challenge`: a login request of our own making is found by its consent alone. */
export const FLOW_ROWS: SourceRows = {
  all: () => flowsTogether({ among: consentsAmong('true'), logins: 'true' }, ''),
  ofKeys: (_table, keys) => [flowsOfKeys(keys)],
  ofRange: (_table, by, range) => (by === 'login_challenge' ? flowsWithoutConsent(range) : flowsWithConsent(range)),
};

/** How rows that were found when they were judged are read again: by their key, or by their place, in the same snapshot. */
const AGAIN = [
  ['login_of_ranked', 'one.challenge = ranked.login_challenge', 'ranked.login_place'],
  ['consent_of_ranked', 'one.challenge = ranked.challenge', 'ranked.place'],
] as const;
const PARTS_AGAIN = [
  ['answer_of_request', 'one.challenge = request.challenge', 'request.answer_place'],
  ['consent_of_request', 'one.challenge = request.consent_challenge', 'request.consent_place'],
  ['consent_answer_of_request', 'one.challenge = request.consent_challenge', 'request.consent_answer_place'],
] as const;

/** All consents are judged beside each other before the first flow is made of one. */
function flowsTogether({ among, logins }: FlowSelection, oneByOne: OneByOne): string {
  // A row that was found one by one is read where it was found; else the tables are joined.
  const again = (rows: typeof AGAIN | typeof PARTS_AGAIN): Readonly<Record<string, string>> =>
    Object.fromEntries(rows.map(([name, key, place]) => [name, oneByOne === '' ? key : `one.ctid = ${place}`]));
  const judged = part('judged-requests', {
    consents: consentsSql(among, oneByOne),
    selected_logins: logins,
    one_by_one: oneByOne,
    ...again(AGAIN),
  });
  return flowSql(part('together', { one_by_one: oneByOne, ...again(PARTS_AGAIN) }), judged);
}

/** Login requests that are named or whose consent is named, and every consent that is named or shares a login with one of these. */
function flowsOfKeys(keys: readonly RowKey[]): RowsQuery {
  const consents = `named.challenge = ${hiddenArray(2)}`;
  const logins = `ARRAY(SELECT unnest($1::text[]) UNION SELECT named.login_challenge
    FROM hydra_oauth2_consent_request AS named WHERE ${consents} AND named.login_challenge IS NOT NULL)`;
  const among = consentsAmong(`named.challenge = ANY (ARRAY(SELECT unnest($2::text[]) UNION SELECT named.challenge
    FROM hydra_oauth2_consent_request AS named WHERE named.login_challenge = ANY (${logins})))`);
  return {
    sql: flowsTogether({ among, logins: `login.challenge = ANY (${logins})` }, 'OFFSET 0'),
    values: flowNames(keys),
  };
}

/** Each consent is judged where it is read: nothing of a range is kept aside, and the others of its login may lie in another one. */
function flowsWithConsent(range: KeyRange): string {
  return flowSql(
    part('with-consent', {
      selected: rangeCondition('consent.challenge', range),
      held: part('held', { consent: 'consent' }),
      other_keeps_login: otherKeepsLogin(),
    }),
  );
}

function flowsWithoutConsent(range: KeyRange): string {
  return flowSql(
    part('without-consent', {
      logins: rangeCondition('login.challenge', range),
      consents: rangeCondition('other.login_challenge', range),
      other_keeps_login: otherKeepsLogin(),
    }),
  );
}

/** On `other`, a consent of a known client. */
function otherKeepsLogin(): string {
  return part('keeps-login', { consent: 'other', held: part('held', { consent: 'other' }) });
}

/** @param parts one row for each flow: `request`, and beside it, each whether it is there or not, `answer`, `consent` and `consent_answer` */
function flowSql(parts: string, judged = ''): string {
  return sqlFile(__dirname, 'rows/hydra_oauth2_flow.sql', { judged, parts, ...STATE_SQL });
}

function part(name: string, values: Readonly<Record<string, string>>): string {
  return sqlFile(__dirname, `rows/flow-parts/${name}.sql`, values).trim();
}
