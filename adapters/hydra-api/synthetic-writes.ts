import { z } from 'zod';
import { CutoverFault } from '../../domain/faults';
import { type SyntheticTokens, type SyntheticWrites } from '../../domain/ports/hydra-api';
import { type HydraCall, type HydraHttp, unexpected } from './hydra-http';
import { CLIENT_ID, Walk, expectJson } from './synthetic-login';

const KEY_SET = CLIENT_ID;

const ownToken = z.object({ access_token: z.string() });
const activity = z.object({ active: z.boolean() });
const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })).min(1) });

/**
 * A synthetic login, and then whatever else a Hydra writes for clients and administrators: a token of the client's own, revocation, a
 * change of the client, a key set that is made and removed.
 *
 * What an interrupted one left is removed first. @returns the steps that were taken
 * @throws CutoverFault HYDRA_UNREACHABLE | HYDRA_UNEXPECTED, saying in which step
 */
export async function syntheticWrites(http: HydraHttp): Promise<SyntheticWrites> {
  const startedAt = performance.now();
  const walk = new Walk(http);
  await walk.step('clean up keys', () => removeKeys(http));
  const refreshGrace = await walk.throughout(async () => {
    const { refreshToken } = await walk.logIn();
    const refreshed = await walk.refresh(refreshToken);
    await walk.step('client credentials', () => requestOwnToken(walk));
    await walk.step('revoke', () => revoke(walk, refreshed));
    const { refreshToken: used } = await walk.logInAgain();
    await walk.refresh(used);
    const refreshGrace = await walk.takesAgain(used);
    await walk.step('change client', () => changeClient(walk));
    await walk.step('make keys', () => makeKeys(http));
    await walk.step('remove keys', () => removeKeys(http));
    return refreshGrace;
  });
  return { durationMs: Math.round(performance.now() - startedAt), steps: walk.steps, refreshGrace };
}

async function requestOwnToken(walk: Walk): Promise<void> {
  const form = { grant_type: 'client_credentials', scope: 'offline_access' };
  const call: HydraCall = { listener: 'public', method: 'POST', path: '/oauth2/token', headers: walk.basic(), form };
  await expectJson(walk.http, call, 200, ownToken);
}

/** The whole grant goes with its refresh token. Source: RFC 7009, 2.1. */
async function revoke(walk: Walk, { accessToken, refreshToken }: SyntheticTokens): Promise<void> {
  const { http } = walk;
  const headers = walk.basic();
  const form = { token: refreshToken };
  const call: HydraCall = { listener: 'public', method: 'POST', path: '/oauth2/revoke', headers, form };
  const answer = await http.call(call);
  if (answer.status !== 200) throw unexpected(http, call, answer, '200');
  for (const token of [refreshToken, accessToken]) {
    const asked: HydraCall = { listener: 'admin', method: 'POST', path: '/oauth2/introspect', form: { token } };
    if (!(await expectJson(http, asked, 200, activity)).active) continue;
    throw new CutoverFault(
      'HYDRA_UNEXPECTED',
      `Hydra on ${http.side} says of a token whose grant it has just revoked that it is active`,
    );
  }
}

async function changeClient(walk: Walk): Promise<void> {
  const path = `/clients/${CLIENT_ID}`;
  const client_name = 'Changed by the check of hydra-cutover';
  const changed = z.object({ client_name: z.literal(client_name) });
  const json = { ...walk.client(), client_name };
  await expectJson(walk.http, { listener: 'admin', method: 'PUT', path, json }, 200, changed);
  await expectJson(walk.http, { listener: 'admin', method: 'GET', path }, 200, changed);
}

async function makeKeys(http: HydraHttp): Promise<void> {
  const path = `/keys/${KEY_SET}`;
  const json = { alg: 'ES256', use: 'sig', kid: KEY_SET };
  await expectJson(http, { listener: 'admin', method: 'POST', path, json }, 201, keySet);
  await expectJson(http, { listener: 'admin', method: 'GET', path }, 200, keySet);
}

async function removeKeys(http: HydraHttp): Promise<void> {
  const call: HydraCall = { listener: 'admin', method: 'DELETE', path: `/keys/${KEY_SET}` };
  const answer = await http.call(call);
  if (![200, 204, 404].includes(answer.status)) throw unexpected(http, call, answer, '204 or 404');
}
