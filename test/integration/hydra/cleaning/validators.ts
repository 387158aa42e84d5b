import { type ClientBase } from 'pg';

/** What 1.11.10 lists, by its own filter. Source: docs/hydra/facts.md, "What a list of consents holds". */
export async function consentsOnBlue(client: ClientBase, asOf: string): Promise<unknown[]> {
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT cr.challenge AS consent_id, cr.subject, cr.client_id, h.granted_scope, h.granted_at_audience, h.remember, h.remember_for,
       h.was_used
     FROM hydra_oauth2_consent_request_handled AS h JOIN hydra_oauth2_consent_request AS cr USING (challenge)
     WHERE cr.skip = FALSE AND h.error = '{}'
       AND (h.remember_for <= 0 OR h.requested_at + h.remember_for * interval '1 second' >= $1::timestamp)
       AND EXISTS (SELECT 1 FROM hydra_client AS c WHERE c.id = cr.client_id)
     ORDER BY 1`,
    [asOf],
  );
  return rows;
}

/** What 2.3.0 lists. */
export async function consentsOnGreen(client: ClientBase, asOf: string): Promise<unknown[]> {
  const list = (column: string) =>
    `coalesce((SELECT string_agg(x, '|' ORDER BY o) FROM jsonb_array_elements_text(coalesce(${column}, '[]')) WITH ORDINALITY AS t(x, o)), '')`;
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT consent_challenge_id AS consent_id, subject, client_id, ${list('granted_scope')} AS granted_scope,
       ${list('granted_at_audience')} AS granted_at_audience, consent_remember AS remember, consent_remember_for AS remember_for,
       consent_was_used AS was_used
     FROM hydra_oauth2_flow
     WHERE nid = (SELECT id FROM networks ORDER BY created_at LIMIT 1) AND consent_skip = FALSE AND state IN (5, 6)
       AND consent_error = '{}'
       AND (coalesce(consent_remember_for, 0) <= 0 OR requested_at + consent_remember_for * interval '1 second' >= $1::timestamp)
     ORDER BY 1`,
    [asOf],
  );
  return rows;
}

/** Per token table: rows, active rows and a digest of what identifies them. */
export async function fingerprint(client: ClientBase): Promise<Record<string, unknown>> {
  const prints: Record<string, unknown> = {};
  for (const table of ['access', 'refresh', 'code', 'oidc', 'pkce']) {
    const { rows } = await client.query<Record<string, unknown>>(
      `SELECT count(*)::integer AS rows, (count(*) FILTER (WHERE active))::integer AS active,
         md5(string_agg(concat_ws(' ', signature, request_id, active, challenge_id, subject, session_data), ',' ORDER BY signature)) AS digest
       FROM hydra_oauth2_${table}`,
    );
    prints[table] = rows[0];
  }
  return prints;
}

/** @param from table and condition */
export async function firstNumber(client: ClientBase, from: string): Promise<number> {
  const { rows } = await client.query<{ n: number }>(`SELECT count(*)::integer AS n FROM ${from}`);
  return rows[0]?.n ?? -1;
}
