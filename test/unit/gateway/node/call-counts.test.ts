import { type CallKind } from '../../../../domain/callers';
import { COUNTED_CALLS, CallCounts } from '../../../../gateway/node/call-counts';

describe('what is counted of a call to a side', () => {
  it.each<[method: string, target: string, kind: CallKind | undefined]>([
    ['GET', '/oauth2/auth?client_id=a&response_type=code', 'authorize'],
    ['GET', '/oauth2/auth?client_id=a&response_type=id_token%20token', 'implicit'],
    ['GET', '/oauth2/auth?redirect_uri=https://app/?tab=1&response_type=token', 'implicit'],
    ['POST', '/oauth2/auth', 'implicit'],
    ['POST', '//oauth2/%74oken/', 'token'],
    ['DELETE', '/admin/oauth2/auth/sessions/login?subject=a?b', 'sessions'],
    ['GET', '/oauth2/sessions/logout', 'logout'],
    ['GET', '/.well-known/jwks.json', undefined],
  ])('%s %s', (method, target, kind) => {
    const counts = new CallCounts();
    counts.begin('blue', method, target);
    const sent = COUNTED_CALLS.filter(({ side, kind: each, state }) => counts.read(side, each, state) > 0);
    expect(sent).toEqual(kind === undefined ? [] : [{ side: 'blue', kind, state: 'sent' }]);
    expect(counts.underWay).toEqual({ blue: 1, green: 0 });
  });
});
