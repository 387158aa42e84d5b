import { randomBytes } from 'node:crypto';
import { type Client } from 'pg';

/** Mulberry32: a history can be told again by its seed. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Grant {
  readonly consent: string;
  readonly login: string;
  readonly session: string;
  readonly client: string;
  refresh: string;
}

/**
 * What Hydra 1.11.10 does to its tables, statement by statement, in an order that a seed decides.
 *
 * Source: docs/hydra/facts.md, "What a revocation does on 1.11.10".
 */
export class History {
  readonly #random: () => number;
  readonly #prefix = randomBytes(3).toString('hex');
  #next = 0;
  readonly grants: Grant[] = [];
  readonly clients: string[] = [];
  readonly keys: string[] = [];

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  async go(blue: Client, steps: number): Promise<void> {
    while (this.clients.length < 3) await this.addClient(blue);
    for (let step = 0; step < steps; step += 1) await this.#step(blue);
  }

  async #step(blue: Client): Promise<void> {
    const actions: [number, () => Promise<void>][] = [
      [8, () => this.grant(blue).then(() => undefined)],
      [2, () => this.begin(blue)],
      [5, () => this.#withGrant((grant) => this.rotate(blue, grant))],
      [2, () => this.#withGrant((grant) => this.revoke(blue, grant))],
      [1, () => this.#withGrant((grant) => this.reuse(blue, grant))],
      [2, () => this.#withGrant((grant) => this.deleteConsent(blue, grant))],
      [2, () => this.#withGrant((grant) => this.deleteSession(blue, grant))],
      [1, () => this.#withGrant((grant) => this.secondConsent(blue, grant))],
      [1, () => this.addClient(blue)],
      [1, () => this.editClient(blue)],
      [0.3, () => this.removeClient(blue)],
      [1, () => this.rotateKey(blue)],
      [1, () => this.assertion(blue)],
      [1, () => this.machineToken(blue)],
      [1, () => this.logout(blue)],
    ];
    let ticket = this.#random() * actions.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, act] of actions) {
      ticket -= weight;
      if (ticket < 0) return act();
    }
  }

  id(kind: string): string {
    this.#next += 1;
    return `${kind}-${this.#prefix}-${this.#next}`;
  }

  pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.#random() * from.length)];
  }

  async #withGrant(act: (grant: Grant) => Promise<void>): Promise<void> {
    const grant = this.pick(this.grants);
    if (grant !== undefined) await act(grant);
  }

  async addClient(blue: Client): Promise<void> {
    const id = this.id('client');
    this.clients.push(id);
    await blue.query(
      `INSERT INTO hydra_client (id, client_name, client_secret, redirect_uris, grant_types, response_types, scope, owner, policy_uri,
         tos_uri, client_uri, logo_uri, contacts, sector_identifier_uri, jwks, jwks_uri, request_uris, allowed_cors_origins, audience,
         metadata, authorization_code_grant_access_token_lifespan)
       VALUES ($1::varchar, 'a "name"', 'x', 'https://a.example/cb|https://b.example/cb', 'authorization_code|refresh_token', 'code', 'openid', '',
         '', '', '', '', 'a\\b|"c"', '', '{}', '', '', '', '', '{}', 9007199254740993)`,
      [id],
    );
  }

  async editClient(blue: Client): Promise<void> {
    await blue.query(
      `UPDATE hydra_client SET client_name = client_name || 'x', redirect_uris = 'https://c.example' WHERE id = $1`,
      [this.pick(this.clients)],
    );
  }

  async removeClient(blue: Client): Promise<void> {
    if (this.clients.length < 4) return;
    const [id] = this.clients.splice(0, 1);
    await blue.query('DELETE FROM hydra_client WHERE id = $1', [id]);
    const left = this.grants.filter((grant) => grant.client !== id);
    this.grants.splice(0, this.grants.length, ...left);
  }

  async begin(blue: Client): Promise<void> {
    await this.#login(blue, this.pick(this.clients) ?? '', this.#random() < 0.5);
  }

  async #login(blue: Client, client: string, answered: boolean): Promise<{ login: string; session: string }> {
    const [login, session] = [this.id('login'), this.id('session')];
    await blue.query(
      `INSERT INTO hydra_oauth2_authentication_session (id, subject, remember) VALUES ($1::varchar, '', false)`,
      [session],
    );
    await blue.query(
      `INSERT INTO hydra_oauth2_authentication_request (challenge, requested_scope, verifier, csrf, subject, request_url, skip, client_id,
         requested_at, oidc_context, login_session_id) VALUES ($1::varchar, 'openid|offline', $1::varchar || 'v', 'c', '', 'https://auth/' || $1::varchar, false, $2,
         now() AT TIME ZONE 'utc', '{"display":"page"}', $3)`,
      [login, client, session],
    );
    if (answered) await this.#answerLogin(blue, login, session);
    return { login, session };
  }

  async #answerLogin(blue: Client, login: string, session: string): Promise<void> {
    await blue.query(
      `INSERT INTO hydra_oauth2_authentication_request_handled (challenge, subject, remember, remember_for, error, acr, was_used)
       VALUES ($1::varchar, 'user', true, 3600, '{}', '', false)`,
      [login],
    );
    await blue.query(
      `UPDATE hydra_oauth2_authentication_session SET subject = 'user', remember = true, authenticated_at = now() WHERE id = $1`,
      [session],
    );
    await blue.query('UPDATE hydra_oauth2_authentication_request_handled SET was_used = true WHERE challenge = $1', [
      login,
    ]);
  }

  async #consent(blue: Client, client: string, login: string, session: string): Promise<string> {
    const consent = this.id('consent');
    await blue.query(
      `INSERT INTO hydra_oauth2_consent_request (challenge, verifier, client_id, subject, request_url, skip, requested_scope, csrf,
         requested_at, oidc_context, login_session_id, login_challenge) VALUES ($1::varchar, $1::varchar || 'v', $2, 'user', 'https://auth/' || $1::varchar, false,
         'openid|offline', 'c', now() AT TIME ZONE 'utc', '{}', $3, $4)`,
      [consent, client, session, login],
    );
    if (this.#random() < 0.2) return consent;
    await blue.query(
      `INSERT INTO hydra_oauth2_consent_request_handled (challenge, granted_scope, remember, remember_for, error, session_access_token,
         session_id_token, was_used, handled_at) VALUES ($1::varchar, 'openid|offline', true, 0, '{}', '{"big": 12345678901234567890, "f": 1.0}', '',
         false, now())`,
      [consent],
    );
    return consent;
  }

  /** A whole grant, or one that stops at a code that is still to be redeemed. */
  async grant(blue: Client, client = this.pick(this.clients) ?? ''): Promise<Grant> {
    const { login, session } = await this.#login(blue, client, true);
    const consent = await this.#consent(blue, client, login, session);
    const grant = { consent, login, session, client, refresh: '' };
    const { rowCount } = await blue.query(
      'UPDATE hydra_oauth2_consent_request_handled SET was_used = true WHERE challenge = $1',
      [consent],
    );
    if (rowCount === 0) return grant;
    for (const table of ['code', 'pkce', 'oidc']) await this.#token(blue, table, grant);
    this.grants.push(grant);
    if (this.#random() < 0.8) {
      await blue.query('UPDATE hydra_oauth2_code SET active = false WHERE request_id = $1', [consent]);
      await blue.query('DELETE FROM hydra_oauth2_pkce WHERE request_id = $1', [consent]);
      await this.#token(blue, 'access', grant);
      grant.refresh = await this.#token(blue, 'refresh', grant);
    }
    return grant;
  }

  async #token(blue: Client, table: string, { consent, client }: Grant): Promise<string> {
    const signature = this.id(table);
    await blue.query(
      `INSERT INTO hydra_oauth2_${table} (signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data,
         subject, active, requested_audience, granted_audience, challenge_id)
       VALUES ($1::varchar, $2, clock_timestamp(), $3, 'openid', 'openid', 'a=b', '{"x":"1"}', 'user', true, '', '', $2)`,
      [signature, consent, client],
    );
    return signature;
  }

  async rotate(blue: Client, grant: Grant): Promise<void> {
    if (grant.refresh === '') return;
    await blue.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await blue.query('DELETE FROM hydra_oauth2_access WHERE request_id = $1', [grant.consent]);
    await blue.query('UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = $1', [grant.consent]);
    await this.#token(blue, 'access', grant);
    grant.refresh = await this.#token(blue, 'refresh', grant);
    await blue.query('COMMIT');
  }

  async revoke(blue: Client, { consent }: Grant): Promise<void> {
    await blue.query('UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = $1', [consent]);
    await blue.query('DELETE FROM hydra_oauth2_access WHERE request_id = $1', [consent]);
  }

  async reuse(blue: Client, { consent, refresh }: Grant): Promise<void> {
    await blue.query('DELETE FROM hydra_oauth2_refresh WHERE signature = $1', [refresh]);
    await this.revoke(blue, { consent } as Grant);
  }

  async deleteConsent(blue: Client, grant: Grant): Promise<void> {
    this.grants.splice(this.grants.indexOf(grant), 1);
    await blue.query('BEGIN');
    await this.revoke(blue, grant);
    await blue.query('DELETE FROM hydra_oauth2_consent_request WHERE challenge = $1', [grant.consent]);
    await blue.query('COMMIT');
  }

  async deleteSession(blue: Client, { session }: Grant): Promise<void> {
    await blue.query('DELETE FROM hydra_oauth2_authentication_session WHERE id = $1', [session]);
  }

  /** The double submit race: two consents of one login (C01). */
  async secondConsent(blue: Client, { client, login, session }: Grant): Promise<void> {
    const known = await blue.query('SELECT 1 FROM hydra_oauth2_authentication_request WHERE challenge = $1', [login]);
    if (known.rowCount === 0) return;
    const consent = await this.#consent(blue, client, login, session);
    this.grants.push({ consent, client, login, session, refresh: '' });
  }

  async rotateKey(blue: Client): Promise<void> {
    const kid = this.id('kid');
    this.keys.push(kid);
    await blue.query(`INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ('set', $1, 0, 'data')`, [kid]);
    if (this.keys.length > 2) {
      await blue.query(`DELETE FROM hydra_jwk WHERE sid = 'set' AND kid = $1`, [this.keys.shift()]);
    }
  }

  async assertion(blue: Client): Promise<void> {
    await blue.query(`INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at) VALUES (md5($1), now())`, [
      this.id('jti'),
    ]);
    const kid = this.pick(this.keys);
    if (kid === undefined) return;
    await blue.query(
      `DELETE FROM hydra_oauth2_trusted_jwt_bearer_issuer WHERE issuer = 'https://issuer' AND key_id = $1`,
      [kid],
    );
    await blue.query(
      `INSERT INTO hydra_oauth2_trusted_jwt_bearer_issuer (id, issuer, subject, scope, key_set, key_id)
       VALUES (gen_random_uuid(), 'https://issuer', 'sub', 'a|b', 'set', $1)`,
      [kid],
    );
  }

  async machineToken(blue: Client): Promise<void> {
    await blue.query(
      `INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data)
       VALUES ($1::varchar, $2, $3, '', '', '', '{}')`,
      [this.id('access'), this.id('request'), this.pick(this.clients)],
    );
  }

  async logout(blue: Client): Promise<void> {
    const challenge = this.id('out');
    await blue.query(
      `INSERT INTO hydra_oauth2_logout_request (challenge, verifier, subject, sid, client_id, request_url, redir_url)
       VALUES ($1::varchar, $1::varchar || 'v', 'user', 's', $2, '', '')`,
      [challenge, this.pick(this.clients)],
    );
    await blue.query('UPDATE hydra_oauth2_logout_request SET accepted = true WHERE challenge = $1', [challenge]);
    await blue.query(
      `INSERT INTO hydra_oauth2_obfuscated_authentication_session (subject, client_id, subject_obfuscated) VALUES ($1::varchar, $2, $1::varchar)`,
      [this.id('subject'), this.pick(this.clients)],
    );
  }
}
