import { asLocation, mayNameChallenge, namedChallenge } from '../../../../gateway/core/stale-challenge';

const PAGES = '/oauth2/auth/requests';

describe('what a request goes on with', () => {
  it.each([
    ['GET', `${PAGES}/login?login_challenge=c`, 'login_challenge'],
    ['GET', `/admin${PAGES}/login?x=1&login_challenge=c`, 'login_challenge'],
    ['PUT', `${PAGES}/login/accept?login_challenge=c`, 'login_challenge'],
    ['PUT', `/admin${PAGES}/login/reject?login_challenge=c`, 'login_challenge'],
    ['GET', `${PAGES}/consent?consent_challenge=c&consent_challenge=d`, 'consent_challenge'],
    ['PUT', `${PAGES}/consent/accept?consent%5Fchallenge=c`, 'consent_challenge'],
    ['GET', `${PAGES}/login?challenge=c`, 'login_challenge'],
    ['PUT', `/admin${PAGES}/consent/reject?consent_challenge=&challenge=%63`, 'consent_challenge'],
  ])('is read from %s %s of the login app', (method, target, kind) => {
    expect(mayNameChallenge('admin', target)).toBe(true);
    expect(namedChallenge('admin', method, target)).toEqual({ kind, value: 'c' });
  });

  it.each([
    ['/oauth2/auth?client_id=a&login_verifier=v', 'login_verifier'],
    ['/oauth2/auth?login_verifier=+v&client_id=a', 'login_verifier'],
    ['/oauth2/auth?consent%5Fverifier=v', 'consent_verifier'],
    ['/oauth2/auth?consent_verifier=w&login_verifier=v', 'login_verifier'],
  ])('is read from %s of the browser', (target, kind) => {
    expect(mayNameChallenge('public', target)).toBe(true);
    expect(namedChallenge('public', 'GET', target)).toEqual({ kind, value: 'v' });
  });

  it.each([
    ['admin', 'DELETE', `${PAGES}/login?login_challenge=c`],
    ['admin', 'GET', `${PAGES}/login/accept?login_challenge=c`],
    ['admin', 'GET', `${PAGES}/logout?logout_challenge=c`],
    ['admin', 'GET', `${PAGES}/login?consent_challenge=c`],
    ['admin', 'GET', `${PAGES}/login`],
    ['admin', 'GET', '/oauth2/auth?login_verifier=v'],
    ['public', 'GET', `${PAGES}/login?login_challenge=c`],
    ['public', 'GET', '/oauth2/auth?client_id=a&state=verifier'],
    ['public', 'GET', '/oauth2/auth?login_verifier='],
    ['public', 'GET', '/oauth2/authx?login_verifier=v'],
  ] as const)('is nothing on the %s listener in %s %s', (listener, method, target) => {
    expect(namedChallenge(listener, method, target)).toBeUndefined();
  });

  it('is not looked for in requests that cannot name any', () => {
    expect(mayNameChallenge('public', '/oauth2/auth?client_id=a&scope=openid')).toBe(false);
    expect(mayNameChallenge('public', '/oauth2/token?login_verifier=v')).toBe(false);
    expect(mayNameChallenge('admin', '/clients?login_challenge=c')).toBe(false);
  });
});

describe('a stored address as a header', () => {
  it.each([
    'https://auth.example/oauth2/auth?client_id=a&scope=openid+offline&redirect_uri=https%3A%2F%2Fapp.example%2F',
    'http://127.0.0.1:4444/oauth2/auth?state=a%2Cb;c|d"e',
  ])('stays as it is: %s', (url) => expect(asLocation(url)).toBe(url));

  it('has characters escaped that no header takes', () => {
    expect(asLocation('https://a.example/?state=ü\r\nX: \ud800')).toBe(
      'https://a.example/?state=%C3%BC%0D%0AX:%20%EF%BF%BD',
    );
  });

  it.each([
    '',
    '/oauth2/auth',
    '//a.example/',
    'javascript:alert(1)',
    ' https://a.example/',
    'https://',
    'https://a.exa\tmple/x',
  ])('is none when it leads nowhere, or somewhere else than it says: %j', (url) =>
    expect(asLocation(url)).toBeUndefined(),
  );
});
