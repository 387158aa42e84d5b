import { z } from 'zod';
import { type SyntheticWrites } from '../../domain/ports/hydra-api';
import { type HydraCall, type HydraHttp, unexpected } from './hydra-http';
import { type Walk, expectJson } from './oauth-walk';
import { CHECK_ID, withWalk } from './synthetic-login';

const KEY_SET = CHECK_ID;

const ownToken = z.object({ access_token: z.string() });
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
  return withWalk(http, async (walk) => {
    await walk.step('clean up keys', () => removeKeys(http));
    const { refreshToken } = await walk.logIn();
    const refreshed = await walk.refresh(refreshToken);
    await walk.step('client credentials', () => requestOwnToken(walk));
    await walk.step('revoke', () => walk.revoke(refreshed));
    const { refreshToken: used } = await walk.logInAgain();
    await walk.refresh(used);
    const refreshGrace = await walk.takesAgain(used);
    await walk.step('change client', () => changeClient(walk));
    await walk.step('make keys', () => makeKeys(http));
    await walk.step('remove keys', () => removeKeys(http));
    return { durationMs: Math.round(performance.now() - startedAt), steps: walk.steps, refreshGrace };
  });
}

async function requestOwnToken(walk: Walk): Promise<void> {
  const form = { grant_type: 'client_credentials', scope: 'offline_access' };
  const call: HydraCall = { listener: 'public', method: 'POST', path: '/oauth2/token', headers: walk.basic(), form };
  await expectJson(walk.http, call, 200, ownToken);
}

async function changeClient(walk: Walk): Promise<void> {
  const path = `/clients/${CHECK_ID}`;
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
