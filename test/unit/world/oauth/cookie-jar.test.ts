import { CookieJar } from '../../../../world/oauth';

const at = (path: string, host = '127.0.0.1:4444') => new URL(`https://${host}${path}`);

describe('cookie jar', () => {
  let jar: CookieJar;
  beforeEach(() => {
    jar = new CookieJar();
  });

  it('sends a cookie to its host only, whatever the port', () => {
    jar.store(at('/oauth2/auth'), 'session=abc=; Path=/; HttpOnly; Secure');
    expect(jar.header(at('/oauth2/auth', '127.0.0.1:9999'))).toBe('session=abc=');
    expect(jar.header(at('/', 'localhost:4444'))).toBeUndefined();
  });

  it('keeps to the path of a cookie, and to the folder of the page when there is none', () => {
    jar.store(at('/oauth2/auth'), ['a=1; Path=/oauth2', 'b=2']);
    expect(jar.header(at('/oauth2/token'))).toBe('a=1; b=2');
    expect(jar.header(at('/oauth2x'))).toBeUndefined();
    expect(jar.header(at('/'))).toBeUndefined();
  });

  it('forgets a cookie that is set to expire in the past, by either attribute', () => {
    jar.store(at('/'), ['a=1; Path=/', 'b=2; Path=/', 'c=3; Path=/']);
    jar.store(at('/'), ['a=; Max-Age=0; Path=/', 'b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/']);
    expect(jar.header(at('/'))).toBe('c=3');
  });

  it('follows Max-Age when both are given', () => {
    jar.store(at('/'), 'a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60; Path=/');
    expect(jar.names(at('/'))).toEqual(['a']);
  });

  it('takes no cookie without a name, and replaces one of the same name', () => {
    jar.store(at('/'), ['=x', 'nonsense', 'a=1; Path=/', 'a=2; Path=/']);
    expect(jar.header(at('/'))).toBe('a=2');
    jar.store(at('/'), undefined);
    expect(jar.header(at('/'))).toBe('a=2');
  });
});
