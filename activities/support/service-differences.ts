import { isCutoverFault } from '../../domain/faults';
import { type BegunCookie, type LoginClient } from '../../domain/ports/hydra-api';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import { byFullName } from '../../hydra/by-full-name';
import { readUnplanted } from '../../hydra/planted';
import { compareAnswers } from '../../hydra/validation';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { COMPATIBILITY_FEATURES } from '../../domain/sightings';
import { leftToGateways } from '../evidence/left-to-gateways';
import { tryOrigins } from '../evidence/cors-origins';
import { type StepDeps } from '../step';
import { pathOfRun } from './of-side';

/** Clients that are tried until one lets a login begin. */
const CLIENTS_TRIED = 10;
const ORIGINS_ASKED = 50;
/** Of no site. */
const FOREIGN_ORIGIN = 'https://hydra-cutover.invalid';
const CSRF_SETTING = 'serve.cookies.names.login_csrf';

/**
 * In what the entered side's Hydra, which may not write yet, is another one to browsers and clients than the left one's: its discovery document,
 * its keys, the cookies that it sets, the origins that it lets call it. Changes nothing.
 *
 * @param entered a session there: reads Hydra's clients
 * @returns a sentence for each, with the setting that helps
 * @throws CutoverFault DB_UNREACHABLE
 */
export async function serviceDifferences(deps: StepDeps, entered: SqlClient): Promise<readonly string[]> {
  const named = await byFullName(entered, deps.settings.hydraSchema);
  return [
    ...(await orReason(deps, 'discovery documents', () => discoveryDifferences(deps))),
    ...(await orReason(deps, 'signing keys', () => keyDifferences(deps))),
    ...(await orReason(deps, 'cookies', () => cookieDifferences(deps, named))),
    ...(await orReason(deps, 'preflight requests', () => originDifferences(deps, named))),
  ];
}

/** What could not be seen is told as such: nothing is undone for it, and nothing passes for equal. */
async function orReason(
  { direction: { from, to } }: StepDeps,
  what: string,
  look: () => Promise<string[]>,
): Promise<string[]> {
  try {
    return await look();
  } catch (error) {
    if (!isCutoverFault(error) || error.code === 'DB_UNREACHABLE') throw error;
    return [`not compared: ${what} of ${from} and ${to} (${error.code}: ${error.message})`];
  }
}

async function discoveryDifferences(deps: StepDeps): Promise<string[]> {
  const { from, to } = deps.direction;
  const [left, entered] = [await deps.hydra.discovery(from), await deps.hydra.discovery(to)];
  return compareAnswers(pathOfRun(deps).differences, 'discovery', left, entered).map(
    ({ path, kind }) => `${to}'s discovery document: ${path} is ${kind}; set ${to}'s config as ${from}'s`,
  );
}

async function keyDifferences({ hydra, direction: { from, to } }: StepDeps): Promise<string[]> {
  const known = new Set(await hydra.signingKeys(to));
  const keys = await hydra.signingKeys(from);
  const missing = keys.filter((key) => !known.has(key)).length;
  if (missing === 0) return [];
  return [
    `${to} lacks ${missing} of the ${keys.length} keys that ${from} signs with: tokens of these do not verify there`,
  ];
}

async function cookieDifferences(deps: StepDeps, entered: SqlClient): Promise<string[]> {
  const { from, to } = deps.direction;
  const { renamable, names } = HYDRA_VERSION_FACTS[deps.settings.hydraVersion[from]].cookies;
  const clients = await clientsForLogin(entered, to);
  const refusals = new Set<string>();
  for (const client of clients) {
    const begun = await deps.hydra.loginCookies(to, client);
    if (begun.refused !== undefined) {
      refusals.add(begun.refused);
      continue;
    }
    // A 1.x keeps a row for every login that begins; its names are fixed, so it need not be asked.
    const wanted = renamable ? namesOf((await deps.hydra.loginCookies(from, client)).cookies) : [names.login_csrf];
    const isWanted = (seen: string, name: string) => seen === name || seen.startsWith(`${name}_`);
    const given = namesOf(begun.cookies);
    const missing = wanted.filter((name) => !given.some((seen) => isWanted(seen, name)));
    if (missing.length === 0) {
      const made = begun.cookies.find(({ name }) => wanted.some((each) => isWanted(name, each)));
      return made === undefined ? [] : keysOfGateways(deps, made);
    }
    const seen = given.join(', ') || 'none';
    return [
      `${to} sets the cookie ${seen} when a login begins, not ${missing.join(', ')}: set ${CSRF_SETTING}, and the other names in serve.cookies.names with it, or every user logs in once more`,
    ];
  }
  // Without a client that logs users in there is no cookie of theirs.
  if (clients.length === 0) return [];
  return [
    `not seen which cookies ${to} sets: none of ${clients.length} clients lets a login begin there (${[...refusals].join(', ')})`,
  ];
}

const namesOf = (cookies: readonly BegunCookie[]) => cookies.map(({ name }) => name);

/** The entered side reads what a gateway makes of a session cookie only where both have the same secrets. */
async function keysOfGateways(deps: StepDeps, made: BegunCookie): Promise<string[]> {
  const { from, to } = deps.direction;
  if (!leftToGateways(deps).some(({ feature }) => feature === COMPATIBILITY_FEATURES.sessions)) return [];
  const found: string[] = [];
  for (const gateway of deps.gateways) {
    if ((await gateway.opensCookie?.(to, made)) !== false) continue;
    found.push(
      `gateway ${gateway.name} cannot open the cookie ${made.name} of ${to}: GATEWAY_COOKIE_KEYS is not made of ${to}'s secrets; give ${to} the secrets of ${from} (secrets.cookie, or else secrets.system), or every user logs in once more`,
    );
  }
  return found;
}

function clientsForLogin(entered: SqlClient, side: SideName): Promise<readonly LoginClient[]> {
  return readClients<LoginClient>(
    entered,
    side,
    `SELECT id, redirect_uris->>0 AS "redirectUri", scope FROM hydra_client
      WHERE grant_types @> '["authorization_code"]' AND response_types @> '["code"]' AND redirect_uris->>0 IS NOT NULL
      ORDER BY id LIMIT $1`,
    [CLIENTS_TRIED],
  );
}

function readClients<Row>(entered: SqlClient, side: SideName, sql: string, values: unknown[]): Promise<Row[]> {
  return readUnplanted(entered, ['hydra_client'], side, () => queryRows<Row>(entered, sql, values));
}

async function originDifferences({ hydra, direction }: StepDeps, entered: SqlClient): Promise<string[]> {
  const { from, to } = direction;
  const origins = await readClients<{ origin: string; clients: number }>(
    entered,
    to,
    `SELECT origin, count(*)::float8 AS clients FROM hydra_client,
            jsonb_array_elements_text(CASE jsonb_typeof(allowed_cors_origins) WHEN 'array' THEN allowed_cors_origins ELSE '[]' END) AS origin
      WHERE origin LIKE 'http%' AND position('*' IN origin) = 0 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $1`,
    [ORIGINS_ASKED],
  );
  const tried = await tryOrigins(
    { hydra, direction },
    origins.map(({ origin }) => origin),
  );
  const refused = new Set(tried.refused);
  const found = origins
    .filter(({ origin }) => refused.has(origin))
    .map(
      ({ origin, clients }) =>
        `${to} answers no preflight request of ${origin}, which ${clients} clients allow: name it in serve.public.cors.allowed_origins`,
    );
  if (!(await hydra.allowsOrigin(from, FOREIGN_ORIGIN)) && (await hydra.allowsOrigin(to, FOREIGN_ORIGIN))) {
    found.push(`${to} lets pages of any origin call it, and ${from} does not: see serve.public.cors.allowed_origins`);
  }
  return found;
}
