import { createHash } from 'node:crypto';
import { type ClientBase } from 'pg';
import { type BatchSettings, type RowCounts, addCount, loadSql } from './batches';
import { opaqueToken } from './hydra-crypto';
import { machineSession } from './session-data';
import { isoSeconds, seal, sqlTime } from './token-rows';

const GRANTS_PER_MACHINE_TOKEN = 40;
const CHUNK = 2_000;
const DAY_MS = 86_400_000;
const ACCESS_TTL_MS = 3_600_000;
/** Kept apart from the numbers of grants. */
const FIRST_MACHINE_GRANT = 1_000_000_000;
const TRUSTED_ISSUERS = 3;

/** Public RSA key of a partner; only its form matters. */
const PARTNER_KEY = {
  use: 'sig',
  kty: 'RSA',
  alg: 'RS256',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
};

/** Access tokens of clients themselves: no user, no consent. Most are expired, the youngest are not. */
export async function writeMachineTokens(
  client: ClientBase,
  settings: BatchSettings,
  clientIds: readonly string[],
  grants: number,
  asOf: string,
  counts: RowCounts,
): Promise<void> {
  const total = Math.ceil(grants / GRANTS_PER_MACHINE_TOKEN);
  const endMs = Date.parse(asOf);
  const sql = loadSql('sql/machine-tokens');
  for (let first = 0; first < total; first += CHUNK) {
    const numbers = Array.from({ length: Math.min(CHUNK, total - first) }, (_, index) => first + index);
    const tokens = numbers.map((number) => {
      const name = {
        seed: settings.seed,
        kind: 'access',
        grant: FIRST_MACHINE_GRANT + number,
        rotation: 0,
      } as const;
      const { signature } = opaqueToken(name, settings.key);
      const clientId = clientIds[number % clientIds.length] ?? '';
      const issuedMs = Math.floor(endMs - DAY_MS * 7 * (1 - (number + 1) / (total + 1)));
      const facts = { issuer: settings.issuer, clientId };
      const times = {
        issuedAt: new Date(issuedMs).toISOString(),
        accessExpiresAt: isoSeconds(issuedMs + ACCESS_TTL_MS),
      };
      const session = seal(machineSession({ ...facts, ...times }), `access:${signature}`, settings);
      return {
        signature,
        requestId: uuid(`${settings.seed}:machine:${number}`),
        at: sqlTime(issuedMs),
        clientId,
        session,
      };
    });
    const result = await client.query(sql, [
      tokens.map(({ signature }) => signature),
      tokens.map(({ requestId }) => requestId),
      tokens.map(({ at }) => at),
      tokens.map(({ clientId }) => clientId),
      tokens.map(({ session }) => session),
    ]);
    addCount(counts, 'hydra_oauth2_access', result);
  }
}

/** Partners whose JWT assertions are accepted, with their keys. */
export async function writeTrustedIssuers(
  client: ClientBase,
  settings: BatchSettings,
  asOf: string,
  counts: RowCounts,
): Promise<void> {
  const issuers = Array.from(
    { length: TRUSTED_ISSUERS },
    (_, index) => `https://partner-${index}-${settings.seed}.example`,
  );
  const keyIds = issuers.map((_, index) => `partner-key-${index}`);
  const keyData = issuers.map((issuer, index) => {
    const { use, kty, ...rest } = PARTNER_KEY;
    // Keys are encrypted whatever the setting for sessions says.
    return seal(JSON.stringify({ use, kty, kid: keyIds[index], ...rest }), `key:${issuer}`, {
      ...settings,
      encryptSessions: true,
    });
  });
  const ids = issuers.map((issuer) => uuid(issuer));
  addCount(counts, 'hydra_jwk', await client.query(loadSql('sql/partner-keys'), [issuers, keyIds, keyData, asOf]));
  const trusted = await client.query(loadSql('sql/trusted-issuers'), [issuers, keyIds, ids, asOf]);
  addCount(counts, 'hydra_oauth2_trusted_jwt_bearer_issuer', trusted);
}

function uuid(text: string): string {
  const hex = createHash('md5').update(text).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)];
  return parts.join('-');
}
