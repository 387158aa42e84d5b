import { type Client } from 'pg';
import { runCheck } from '../../../../world/traffic/check/run-check';
import { parseTrafficConfig } from '../../../../world/traffic/config';
import { connect, type Connection } from '../../../../world/traffic/connect';
import { OPERATIONS, type OperationName } from '../../../../world/traffic/operations/catalogue';
import { OperationContext } from '../../../../world/traffic/operations/context';
import { silentGrantOf } from '../../../../world/traffic/operations/grants';
import { type FindingName } from '../../../../world/traffic/oracle/fact-kinds';
import { type Verdict } from '../../../../world/traffic/oracle/verdict';
import { Actor } from '../../../../world/traffic/population/actor';
import { ActorPool } from '../../../../world/traffic/population/actor-pool';
import { Random } from '../../../../world/traffic/schedule/random';
import { useDatabase } from '../../../support/database';
import { startHydra, type TestHydra } from '../../../support/hydra';

const database = useDatabase('hydra_1_11_10');
const NO_SAMPLES = { refreshes: 0, deadRefreshes: 0, silentGrants: 0, deadCodes: 0 };
const SETTINGS = { settleMs: 0, clockSkewMs: 1_000, askAgainMs: 5, width: 4 };
const LOGIN_APP = 'http://127.0.0.1:9';

let hydra: TestHydra;
let sql: Client;
let parts: Connection;
let actorCount = 0;

beforeAll(async () => {
  hydra = await startHydra({ version: '1.11.10', database: database.config, loginAppUrl: LOGIN_APP, extra: PAIRWISE });
  sql = await database.connect();
  parts = await connectTo(hydra, hydra.issuer);
});

afterAll(async () => {
  await parts.close();
  await hydra.stop();
});

const PAIRWISE = {
  OIDC_SUBJECT_IDENTIFIERS_SUPPORTED_TYPES: 'public,pairwise',
  OIDC_SUBJECT_IDENTIFIERS_PAIRWISE_SALT: 'a salt for tests',
};

function connectTo(server: TestHydra, issuer: string): Promise<Connection> {
  const { publicUrl, adminUrl } = server;
  return connect(
    parseTrafficConfig({ publicUrl, adminUrl, issuer, forwardedProto: true, loginApp: { kind: 'admin' } }),
  );
}

/** An actor and a hand to make it do things, one after the other. */
function newActor(): { actor: Actor; act: (...names: OperationName[]) => Promise<void> } {
  actorCount += 1;
  const actor = new Actor(`${parts.runName}-${actorCount}`, new Random(actorCount));
  const act = async (...names: OperationName[]): Promise<void> => {
    for (const name of names) {
      const result = await OPERATIONS[name].run(new OperationContext(name, actor, parts.quiet));
      if (result !== 'ok') throw new Error(`${name} ended ${result}`);
    }
  };
  return { actor, act };
}

function check(actor: Actor, samples = NO_SAMPLES): Promise<Verdict> {
  const pool = new ActorPool([actor]);
  return runCheck({ pool, tools: parts.quiet, settings: SETTINGS, samples, witnessed: [], actorsAtOnce: 1 });
}

/** A clean check first, so that what is found afterwards is the lie. */
async function lie(actor: Actor, tell: () => Promise<unknown>, samples = NO_SAMPLES): Promise<Verdict> {
  const before = await check(actor);
  expect(before).toMatchObject({ clean: true, findingsByName: {} });
  await tell();
  return check(actor, samples);
}

function namesOf(verdict: Verdict): FindingName[] {
  return Object.keys(verdict.findingsByName).sort() as FindingName[];
}

const signature = (token: string): string => token.split('.')[1] ?? '';

function chainOf(actor: Actor): Actor['chains'][number] {
  const [chain] = actor.chains;
  if (chain === undefined) throw new Error('the actor has no grant');
  return chain;
}

/** Rows as they are now, to be put back later. */
async function keep(table: string, where: string, values: unknown[]): Promise<() => Promise<unknown>> {
  const { rows } = await sql.query(`SELECT to_jsonb(t) AS row FROM ${table} t WHERE ${where}`, values);
  expect(rows.length).toBeGreaterThan(0);
  return async () => {
    for (const { row } of rows as { row: unknown }[]) {
      await sql.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_record(NULL::${table}, $1)`, [row]);
    }
  };
}

describe('tokens', () => {
  it('finds a revoked refresh token that was set active again', async () => {
    const { actor, act } = newActor();
    await act('new_grant');
    const { refreshToken } = chainOf(actor);
    await act('revoke_refresh_token');
    const revive = 'UPDATE hydra_oauth2_refresh SET active = true WHERE signature = $1';
    const verdict = await lie(actor, () => sql.query(revive, [signature(refreshToken)]));
    expect(verdict).toMatchObject({ clean: false, revokedButActive: 1, confirmedButLost: 0 });
    expect(verdict.findingsByName).toEqual({ refresh_token_revived: 1 });
    expect(verdict.samples[0]?.cause).toBe('revoke_refresh_token');
  });

  it('finds a revoked access token whose row came back', async () => {
    const { actor, act } = newActor();
    await act('new_grant');
    const { accessToken } = chainOf(actor);
    const putBack = await keep('hydra_oauth2_access', 'signature = $1', [signature(accessToken)]);
    await act('revoke_access_token');
    const verdict = await lie(actor, putBack);
    expect(verdict.findingsByName).toEqual({ access_token_revived: 1 });
  });

  it('finds a rotated-out refresh token that works again', async () => {
    const { actor, act } = newActor();
    await act('new_grant');
    const { refreshToken } = chainOf(actor);
    await act('refresh');
    const revive = 'UPDATE hydra_oauth2_refresh SET active = true WHERE signature = $1';
    const verdict = await lie(actor, () => sql.query(revive, [signature(refreshToken)]));
    expect(verdict.findingsByName).toEqual({ refresh_token_revived: 1 });
    expect(verdict.samples[0]?.cause).toBe('chain_rotated');
  });

  it('finds a grant whose tokens were deleted', async () => {
    const { actor, act } = newActor();
    await act('new_grant');
    const { accessToken } = chainOf(actor);
    const verdict = await lie(actor, async () => {
      const found = 'SELECT request_id FROM hydra_oauth2_access WHERE signature = $1';
      const { rows } = await sql.query<{ request_id: string }>(found, [signature(accessToken)]);
      for (const table of ['hydra_oauth2_access', 'hydra_oauth2_refresh']) {
        await sql.query(`DELETE FROM ${table} WHERE request_id = $1`, [rows[0]?.request_id]);
      }
    });
    expect(verdict).toMatchObject({ confirmedButLost: 2, revokedButActive: 0 });
    expect(namesOf(verdict)).toEqual(['access_token_lost', 'refresh_token_lost']);
  });

  it('finds a code that was killed with its consent and can be redeemed again', async () => {
    const { actor, act } = newActor();
    await act('new_grant', 'leave_code');
    const [left] = actor.leftCodes;
    const { client, subject } = left ?? chainOf(actor);
    const tables = [
      'hydra_oauth2_consent_request',
      'hydra_oauth2_consent_request_handled',
      'hydra_oauth2_code',
      'hydra_oauth2_pkce',
      'hydra_oauth2_oidc',
    ];
    const where = [
      'subject = $1',
      'challenge IN (SELECT challenge FROM hydra_oauth2_consent_request WHERE subject = $1)',
    ];
    const putBack: (() => Promise<unknown>)[] = [];
    for (const [at, table] of tables.entries()) {
      const condition =
        at === 1 ? where[1] : at === 0 ? where[0] : where[1]?.replace('challenge IN', 'challenge_id IN');
      putBack.push(await keep(table, condition ?? '', [subject]));
    }
    const revoked = await parts.quiet.api.revokeConsents(subject);
    actor.ledger.apply({ type: 'consents_revoked', subject }, Date.now());
    expect([revoked.kind, client.authMethod === undefined]).toEqual(['ok', false]);
    const verdict = await lie(
      actor,
      async () => {
        for (const put of putBack) await put();
      },
      { ...NO_SAMPLES, deadCodes: 5 },
    );
    expect(namesOf(verdict)).toEqual(['consent_revived', 'dead_code_accepted']);
  });
});

describe('consents and sessions', () => {
  it('finds a consent that is not listed any more', async () => {
    const { actor, act } = newActor();
    await act('new_grant');
    const hide = `UPDATE hydra_oauth2_consent_request_handled SET error = '{"error":"hidden"}'
      WHERE challenge IN (SELECT challenge FROM hydra_oauth2_consent_request WHERE subject = $1)`;
    const verdict = await lie(actor, () => sql.query(hide, [chainOf(actor).subject]));
    expect(verdict.findingsByName).toEqual({ consent_lost: 1 });
  });

  it('finds a remembered consent that is asked for again', async () => {
    const { actor, act } = newActor();
    await act('sign_on_grant');
    const forget = `UPDATE hydra_oauth2_consent_request_handled SET remember = false
      WHERE challenge IN (SELECT challenge FROM hydra_oauth2_consent_request WHERE subject = $1)`;
    const samples = { ...NO_SAMPLES, silentGrants: 1 };
    const verdict = await lie(actor, () => sql.query(forget, [chainOf(actor).subject]), samples);
    expect(verdict.findingsByName).toEqual({ remembered_consent_lost: 1 });
  });

  it('finds a login session that is gone, and one that came back after a logout', async () => {
    const { actor, act } = newActor();
    await act('sign_on_grant');
    const { subject } = chainOf(actor);
    const putBack = await keep('hydra_oauth2_authentication_session', 'subject = $1', [subject]);
    const lost = await lie(actor, () =>
      sql.query('DELETE FROM hydra_oauth2_authentication_session WHERE subject = $1', [subject]),
    );
    expect(lost.findingsByName).toEqual({ session_lost: 1 });
    await putBack();
    await act('delete_login_sessions');
    const revived = await lie(actor, putBack);
    expect(revived.findingsByName).toEqual({ session_revived: 1 });
  });
});

describe('clients', () => {
  it('finds an old secret that is accepted again and the new one that is refused', async () => {
    const { actor, act } = newActor();
    while (actor.ownClients.every((client) => client.secret === undefined)) {
      await act('register_client');
      if (actor.ownClients.length === 3) break;
    }
    const client = actor.ownClients.find((own) => own.secret !== undefined);
    if (client === undefined) throw new Error('no client with a secret came up');
    actor.ownClients.splice(0, actor.ownClients.length, client);
    const hash = 'SELECT client_secret AS hash FROM hydra_client WHERE id = $1';
    const before = await sql.query<{ hash: string }>(hash, [client.id]);
    await act('rotate_secret');
    const verdict = await lie(actor, () =>
      sql.query('UPDATE hydra_client SET client_secret = $2 WHERE id = $1', [client.id, before.rows[0]?.hash]),
    );
    expect(verdict).toMatchObject({ revokedButActive: 1, confirmedButLost: 1 });
    expect(namesOf(verdict)).toEqual(['old_secret_accepted', 'secret_refused']);
  });

  it('finds a client that was deleted, with all that it had', async () => {
    const { actor, act } = newActor();
    await act('register_client');
    const [client] = actor.ownClients;
    const verdict = await lie(actor, () => sql.query('DELETE FROM hydra_client WHERE id = $1', [client?.id]));
    expect(namesOf(verdict)).toEqual(expect.arrayContaining(['client_lost', 'redirect_uri_refused']));
  });

  it('finds a deleted client that is there again', async () => {
    const { actor, act } = newActor();
    await act('register_client');
    const [client] = actor.ownClients;
    const putBack = await keep('hydra_client', 'id = $1', [client?.id]);
    await act('delete_client');
    const verdict = await lie(actor, putBack);
    expect(namesOf(verdict)).toEqual(expect.arrayContaining(['client_revived', 'old_redirect_uri_accepted']));
    expect(verdict.confirmedButLost).toBe(0);
  });

  it('finds a redirect URI that was changed behind its owner', async () => {
    const { actor, act } = newActor();
    await act('register_client');
    const [client] = actor.ownClients;
    const before = client?.redirectUris.join('|');
    await act('edit_redirect_uris');
    const verdict = await lie(actor, () =>
      sql.query('UPDATE hydra_client SET redirect_uris = $2 WHERE id = $1', [client?.id, before]),
    );
    expect(namesOf(verdict)).toEqual(['old_redirect_uri_accepted', 'redirect_uri_refused']);
  });

  it('finds a pairwise client that gets another subject', async () => {
    const { actor } = newActor();
    const { pairwise } = parts.quiet.shared;
    const onlyPairwise = { ...parts.quiet, shared: { ...parts.quiet.shared, forUsers: [pairwise] } };
    const context = new OperationContext('sign_on_grant', actor, onlyPairwise);
    expect(await OPERATIONS.sign_on_grant.run(context)).toBe('ok');
    const [signOn] = actor.signOns.values();
    if (signOn === undefined) throw new Error('nobody is logged in');
    expect(await silentGrantOf(context, signOn, pairwise)).toBe('ok');
    const change = 'UPDATE hydra_client SET subject_type = $2 WHERE id = $1';
    const verdict = await lie(actor, () => sql.query(change, [pairwise.id, 'public']), {
      ...NO_SAMPLES,
      silentGrants: 1,
    });
    await sql.query(change, [pairwise.id, 'pairwise']);
    expect(verdict.findingsByName).toEqual({ subject_changed: 1 });
    expect(verdict.changed).toBe(1);
  });

  it('finds an issuer of assertions that is not trusted any more', async () => {
    const putBack = await keep('hydra_oauth2_trusted_jwt_bearer_issuer', 'true', []);
    const verdict = await lie(parts.registry, () => sql.query('DELETE FROM hydra_oauth2_trusted_jwt_bearer_issuer'));
    await putBack();
    expect(verdict.findingsByName).toEqual({ trusted_issuer_refused: 1 });
  });
});

describe('values that all clients share', () => {
  it('finds another issuer and other signing keys', async () => {
    const { actor, act } = newActor();
    await act('new_grant');
    expect(await check(actor)).toMatchObject({ clean: true });
    await sql.query(`DELETE FROM hydra_jwk WHERE sid = 'hydra.openid.id-token'`);
    const other = await startHydra({
      version: '1.11.10',
      database: database.config,
      loginAppUrl: LOGIN_APP,
      issuer: 'https://elsewhere.invalid/',
      extra: PAIRWISE,
      hasOwnKeys: true,
    });
    const verdict = await checkSharedValuesAt(other).finally(() => other.stop());
    expect(verdict.findingsByName).toEqual({ issuer_changed: 1, signing_key_changed: 1 });
  });
});

/** As if the flip had led to `other`: what clients have seen stays, the server is another. */
async function checkSharedValuesAt(other: TestHydra): Promise<Verdict> {
  const elsewhere = await connectTo(other, hydra.issuer);
  for (const [id, print] of parts.quiet.keys.used) elsewhere.quiet.keys.used.set(id, print);
  const tools = { ...elsewhere.quiet, values: parts.quiet.values };
  const options = { settings: SETTINGS, samples: NO_SAMPLES, witnessed: [], actorsAtOnce: 1 };
  return runCheck({ pool: new ActorPool([]), tools, ...options }).finally(() => elsewhere.close());
}
