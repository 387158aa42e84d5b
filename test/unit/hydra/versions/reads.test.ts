import { HYDRA_VERSION_FACTS, readsOf } from '../../../../hydra/versions';

describe('what is a read', () => {
  const isRead = readsOf(Object.values(HYDRA_VERSION_FACTS).map(({ reads }) => reads));

  it.each(Object.entries(HYDRA_VERSION_FACTS))(
    'is what stands in the table of a version (%s)',
    (_version, { reads }) => {
      const isReadThere = readsOf([reads]);
      for (const [listener, each] of Object.entries(reads)) {
        for (const read of each) {
          const [method = '', path = ''] = read.replace(/:\w+/g, 'a b%2Fc').split(/ (.*)/);
          expect([read, isReadThere(listener as 'public' | 'admin', method, path)]).toEqual([read, true]);
        }
      }
    },
  );

  it('is, where two versions may be asked, what is one in both', () => {
    expect(readsOf([HYDRA_VERSION_FACTS['1.11.10'].reads])('public', 'GET', '/version')).toBe(true);
    expect(isRead('public', 'GET', '/version')).toBe(false);
    expect(isRead('admin', 'GET', '/version')).toBe(true);
  });

  it.each([
    ['public', 'POST', '/oauth2/token'],
    ['public', 'POST', '/oauth2/revoke'],
    ['public', 'GET', '/oauth2/auth'],
    ['public', 'GET', '/oauth2/sessions/logout'],
    ['public', 'POST', '/oauth2/introspect'],
    ['public', 'DELETE', '/oauth2/register/a'],
    ['public', 'PUT', '/userinfo'],
    ['admin', 'PUT', '/clients/a'],
    ['admin', 'PUT', '/oauth2/auth/requests/login/accept'],
    ['admin', 'DELETE', '/oauth2/auth/sessions/consent'],
    ['admin', 'POST', '/keys/a'],
    ['admin', 'POST', '/oauth2/introspect/'],
    ['admin', 'POST', '//oauth2/introspect'],
    ['admin', 'GET', '/clients/a/b'],
    ['admin', 'get', '/clients'],
    ['admin', 'GET', '/something/new'],
  ] as const)('is not, on the listener %s, %s %s', (listener, method, path) => {
    expect(isRead(listener, method, path)).toBe(false);
  });

  it('is the preflight of a browser, whatever it is for, and a HEAD of what is one', () => {
    expect(isRead('public', 'OPTIONS', '/oauth2/token')).toBe(true);
    expect(isRead('admin', 'HEAD', '/clients')).toBe(true);
    expect(isRead('public', 'HEAD', '/oauth2/auth')).toBe(false);
  });
});
