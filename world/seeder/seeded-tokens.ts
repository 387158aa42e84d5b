import { type ClientBase } from 'pg';
import { type TokenKind, opaqueToken, systemKey } from './hydra-crypto';

const CHUNK = 5_000;

export interface SeededToken {
  readonly kind: Exclude<TokenKind, 'code'>;
  readonly token: string;
  readonly clientId: string;
  readonly subject: string;
  readonly consentChallenge: string;
  /** ISO-8601 UTC. With the default lifetimes an access token lives an hour from here, a refresh token 30 days. */
  readonly issuedAt: string;
}

const MAX_ROTATIONS = 3;

interface Row {
  readonly signature: string;
  readonly client_id: string;
  readonly subject: string;
  readonly request_id: string;
  readonly issued_at: string;
}

/**
 * Tokens in plain text that a seeded history holds as active rows, newest grants first. A row may be active and its token expired.
 */
export async function seededTokens(
  client: ClientBase,
  options: {
    readonly seed: number;
    readonly grants: number;
    readonly systemSecret: string;
    readonly kind: Exclude<TokenKind, 'code'>;
    readonly limit: number;
  },
): Promise<readonly SeededToken[]> {
  const key = systemKey(options.systemSecret);
  const found: SeededToken[] = [];
  for (let last = options.grants; last > 0 && found.length < options.limit; last -= CHUNK) {
    const tokens = new Map<string, string>();
    for (let grant = last; grant > Math.max(0, last - CHUNK); grant -= 1) {
      for (let rotation = 0; rotation <= MAX_ROTATIONS; rotation += 1) {
        const { signature, token } = opaqueToken({ seed: options.seed, kind: options.kind, grant, rotation }, key);
        tokens.set(signature, token);
      }
    }
    const { rows } = await client.query<Row>(
      `SELECT signature, client_id, subject, request_id, to_char(requested_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS issued_at
       FROM hydra_oauth2_${options.kind}
       WHERE active AND signature = ANY ($1::text[]) ORDER BY requested_at DESC, signature`,
      [[...tokens.keys()]],
    );
    for (const row of rows) {
      const token = tokens.get(row.signature) ?? '';
      const { client_id: clientId, subject, request_id: consentChallenge, issued_at: issuedAt } = row;
      found.push({ kind: options.kind, token, clientId, subject, consentChallenge, issuedAt });
    }
  }
  return found.slice(0, options.limit);
}
