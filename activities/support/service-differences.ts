import { isCutoverFault } from '../../domain/faults';
import { type BegunCookie, type LoginClient } from '../../domain/ports/hydra-api';
import { queryRows, type SqlClient } from '../../domain/ports/sql-client';
import { byFullName } from '../../hydra/by-full-name';
import { copyPathOf } from '../../hydra/paths';
import { compareAnswers } from '../../hydra/validation';
import { HYDRA_VERSION_FACTS } from '../../hydra/versions';
import { COMPATIBILITY_FEATURES } from '../../domain/sightings';
import { leftToGateways } from '../evidence/left-to-gateways';
import { tryOrigins } from '../evidence/cors-origins';
import { type StepDeps } from '../step';

/** Clients that are tried until one lets a login begin. */
const CLIENTS_TRIED = 10;
const ORIGINS_ASKED = 50;
/** Of no site. */
const FOREIGN_ORIGIN = 'https://hydra-cutover.invalid';
const CSRF_SETTING = 'serve.cookies.names.login_csrf';

/**
 * In what the Hydra on green, which may not write yet, is another one to browsers and clients than blue's: its discovery document,
 * its keys, the cookies that it sets, the origins that it lets call it. Changes nothing.
 *
 * @param green any session there
 * @returns a sentence for each, with the setting that helps
 * @throws CutoverFault DB_UNREACHABLE
 */
export async function serviceDifferences(deps: StepDeps, green: SqlClient): Promise<readonly string[]> {
  const named = await byFullName(green, deps.settings.hydraSchema);
  return [
    ...(await orReason('discovery documents', () => discoveryDifferences(deps))),
    ...(await orReason('signing keys', () => keyDifferences(deps))),
    ...(await orReason('cookies', () => cookieDifferences(deps, named))),
    ...(await orReason('preflight requests', () => originDifferences(deps, named))),
  ];
}

/** What could not be seen is told as such: nothing is undone for it, and nothing passes for equal. */
async function orReason(what: string, look: () => Promise<string[]>): Promise<string[]> {
  try {
    return await look();
  } catch (error) {
    if (!isCutoverFault(error) || error.code === 'DB_UNREACHABLE') throw error;
    return [`not compared: ${what} of blue and green (${error.code}: ${error.message})`];
  }
}

async function discoveryDifferences({ hydra, settings }: StepDeps): Promise<string[]> {
  const [blue, green] = [await hydra.discovery('blue'), await hydra.discovery('green')];
  return compareAnswers(copyPathOf(settings.hydraVersion).differences, 'discovery', blue, green).map(
    ({ path, kind }) => `green's discovery document: ${path} is ${kind}; set green's config as blue's`,
  );
}

async function keyDifferences({ hydra }: StepDeps): Promise<string[]> {
  const known = new Set(await hydra.signingKeys('green'));
  const keys = await hydra.signingKeys('blue');
  const missing = keys.filter((key) => !known.has(key)).length;
  if (missing === 0) return [];
  return [
    `green lacks ${missing} of the ${keys.length} keys that blue signs with: tokens of these do not verify there`,
  ];
}

async function cookieDifferences(deps: StepDeps, green: SqlClient): Promise<string[]> {
  const { renamable, names } = HYDRA_VERSION_FACTS[deps.settings.hydraVersion.blue].cookies;
  const clients = await clientsForLogin(green);
  const refusals = new Set<string>();
  for (const client of clients) {
    const begun = await deps.hydra.loginCookies('green', client);
    if (begun.refused !== undefined) {
      refusals.add(begun.refused);
      continue;
    }
    // A 1.x keeps a row for every login that begins; its names are fixed, so it need not be asked.
    const wanted = renamable ? namesOf((await deps.hydra.loginCookies('blue', client)).cookies) : [names.login_csrf];
    const isWanted = (seen: string, name: string) => seen === name || seen.startsWith(`${name}_`);
    const given = namesOf(begun.cookies);
    const missing = wanted.filter((name) => !given.some((seen) => isWanted(seen, name)));
    if (missing.length === 0) {
      const made = begun.cookies.find(({ name }) => wanted.some((each) => isWanted(name, each)));
      return made === undefined ? [] : keysOfGateways(deps, made);
    }
    const seen = given.join(', ') || 'none';
    return [
      `green sets the cookie ${seen} when a login begins, not ${missing.join(', ')}: set ${CSRF_SETTING}, and the other names in serve.cookies.names with it, or every user logs in once more`,
    ];
  }
  // Without a client that logs users in there is no cookie of theirs.
  if (clients.length === 0) return [];
  return [
    `not seen which cookies green sets: none of ${clients.length} clients lets a login begin there (${[...refusals].join(', ')})`,
  ];
}

const namesOf = (cookies: readonly BegunCookie[]) => cookies.map(({ name }) => name);

/** Green reads what a gateway makes of a session cookie only where both have the same secrets. */
async function keysOfGateways({ gateways, settings }: StepDeps, made: BegunCookie): Promise<string[]> {
  if (!leftToGateways(settings).some(({ feature }) => feature === COMPATIBILITY_FEATURES.sessions)) return [];
  const found: string[] = [];
  for (const gateway of gateways) {
    if ((await gateway.opensCookie?.('green', made)) !== false) continue;
    found.push(
      `gateway ${gateway.name} cannot open the cookie ${made.name} of green: GATEWAY_COOKIE_KEYS is not made of green's secrets; give green the secrets of blue (secrets.cookie, or else secrets.system), or every user logs in once more`,
    );
  }
  return found;
}

async function clientsForLogin(green: SqlClient): Promise<readonly LoginClient[]> {
  return queryRows<LoginClient>(
    green,
    `SELECT id, redirect_uris->>0 AS "redirectUri", scope FROM hydra_client
      WHERE grant_types @> '["authorization_code"]' AND response_types @> '["code"]' AND redirect_uris->>0 IS NOT NULL
      ORDER BY id LIMIT $1`,
    [CLIENTS_TRIED],
  );
}

async function originDifferences({ hydra }: StepDeps, green: SqlClient): Promise<string[]> {
  const origins = await queryRows<{ origin: string; clients: number }>(
    green,
    `SELECT origin, count(*)::float8 AS clients FROM hydra_client,
            jsonb_array_elements_text(CASE jsonb_typeof(allowed_cors_origins) WHEN 'array' THEN allowed_cors_origins ELSE '[]' END) AS origin
      WHERE origin LIKE 'http%' AND position('*' IN origin) = 0 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT $1`,
    [ORIGINS_ASKED],
  );
  const tried = await tryOrigins(
    { hydra },
    origins.map(({ origin }) => origin),
  );
  const refused = new Set(tried.refused);
  const found = origins
    .filter(({ origin }) => refused.has(origin))
    .map(
      ({ origin, clients }) =>
        `green answers no preflight request of ${origin}, which ${clients} clients allow: name it in serve.public.cors.allowed_origins`,
    );
  if (!(await hydra.allowsOrigin('blue', FOREIGN_ORIGIN)) && (await hydra.allowsOrigin('green', FOREIGN_ORIGIN))) {
    found.push('green lets pages of any origin call it, and blue does not: see serve.public.cors.allowed_origins');
  }
  return found;
}
