import { type OperationKind } from '../../contention/history/operation';
import { readAnswer, type Said } from '../../contention/traffic/answers';

const TOKENS = { access_token: 'ory_at_x', refresh_token: 'ory_rt_x' };
const OF_BLUE = { access_token: 'x', refresh_token: 'y' };

describe('an answer of Hydra', () => {
  it.each<[string, OperationKind, number, unknown, Said['is']]>([
    ['1.11.10 for a spent token', 'refresh', 401, { error: 'token_inactive' }, 'reused'],
    [
      '2.3.0 for a spent token',
      'refresh',
      400,
      { error: 'invalid_grant', error_description: 'The refresh token was already used.' },
      'reused',
    ],
    [
      'a code again',
      'redeem',
      400,
      { error: 'invalid_grant', error_description: 'The authorization code has already been used.' },
      'reused',
    ],
    [
      'a token that is not known',
      'refresh',
      400,
      { error: 'invalid_grant', error_description: 'not valid' },
      'notFound',
    ],
    ['a client that is not known', 'refresh', 401, { error: 'invalid_client' }, 'noClient'],
    [
      'a conflict at 1.11.10',
      'refresh',
      400,
      { error: 'invalid_request', error_description: 'because of multiple concurrent requests using the same token' },
      'conflict',
    ],
    [
      'a conflict at 2.3.0',
      'refresh',
      400,
      { error: 'invalid_request', error_description: 'Please retry the request.' },
      'conflict',
    ],
    [
      'a request that is wrong otherwise',
      'refresh',
      400,
      { error: 'invalid_request', error_description: 'is missing' },
      'unknown',
    ],
    ['tokens', 'redeem', 200, TOKENS, 'tokens'],
    ['tokens without a refresh token', 'redeem', 200, { access_token: 'x' }, 'unknown'],
    ['an active token', 'introspect', 200, { active: true }, 'active'],
    ['an inactive token', 'introspect', 200, { active: false }, 'inactive'],
    ['200 that says nothing', 'introspect', 200, 'x', 'unknown'],
    ['userinfo', 'userinfo', 200, {}, 'active'],
    ['userinfo refused', 'userinfo', 401, {}, 'inactive'],
    ['a revocation', 'revoke', 200, undefined, 'done'],
    ['a deletion', 'deleteConsent', 204, undefined, 'done'],
    ['a deletion of nothing', 'deleteClient', 404, {}, 'notFound'],
    ['a gateway that is in doubt', 'refresh', 503, undefined, 'unknown'],
    ['a server error', 'redeem', 500, { error: 'server_error' }, 'unknown'],
  ])('%s (%s)', (_what, kind, statusCode, json, is) => {
    expect(readAnswer(kind, { statusCode, json }).is).toBe(is);
  });

  it('tells whose tokens it holds, and what it was where nobody knows what it means', () => {
    expect(readAnswer('refresh', { statusCode: 200, json: TOKENS })).toMatchObject({ byBlue: false });
    expect(readAnswer('refresh', { statusCode: 200, json: OF_BLUE })).toMatchObject({ byBlue: true });
    expect(readAnswer('refresh', { statusCode: 500, json: { error: 'server_error' } })).toEqual({
      is: 'unknown',
      why: '500 server_error',
    });
    expect(readAnswer('refresh', { statusCode: undefined, json: undefined })).toEqual({
      is: 'unknown',
      why: 'no answer',
    });
  });
});
