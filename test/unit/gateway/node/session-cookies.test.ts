import { keyLine } from '../../../../gateway/node/derived-keys';
import { createHmac } from 'node:crypto';
import { keysOfHydra1, keysOfHydra2, openCookie, sealCookie } from '../../../../gateway/node/secure-cookie';
import { useParts } from '../support/fixture';
import { rawExchange } from '../support/sockets';
import { type TestGateway } from '../support/test-gateway';

const NAME = 'oauth2_authentication_session';
const SECRET = 'a-cookie-secret-of-hydra';
const SECRETS = [Buffer.from(SECRET)] as const;
const GREEN = keysOfHydra2(SECRETS);
const [BLUE] = keysOfHydra1(SECRETS) as [typeof GREEN];
/** The beginning of what Go writes for `{"sid": …}`, and its end. */
const SESSION = Buffer.from('\u000e\u0004\u0006string\u0003\u0000\u0003sid\u0006string\u0005\u0000\u0003abc', 'latin1');

const ofBlue = (value = SESSION, keys = BLUE) => sealCookie(NAME, { madeAt: '1700000000', value }, keys) ?? '';
const signed = (dateAndValue: string) => {
  const mac = createHmac('sha256', SECRET).update(`${NAME}|${dateAndValue}`).digest();
  return Buffer.concat([Buffer.from(`${dateAndValue}|`), mac]).toString('base64url');
};

describe('the session cookie of 1.x', () => {
  const parts = useParts();

  /** A gateway in front of sides that say which cookies they got. */
  const start = async (settings: { translate?: boolean; secret?: string } = {}) => {
    const side = () =>
      parts.upstream((request, response) => {
        request.resume().on('end', () => response.end(`[${request.headers.cookie ?? ''}]`));
      });
    const [blue, green] = [await side(), await side()];
    return parts.gateway({
      blue: blue.url,
      green: green.url,
      config: { sessionCookies: { translate: settings.translate ?? true } },
      environment: { GATEWAY_COOKIE_KEYS: keyLine('cookies', { SECRETS_COOKIE: settings.secret ?? SECRET }) },
    });
  };
  const flip = async (gateway: TestGateway) => {
    await gateway.stage(1, 'green');
    await gateway.apply(1);
  };
  const cookiesAtSide = async (port: number, cookie: string, path = '/oauth2/auth?client_id=a') => {
    const head = `GET ${path} HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`;
    return /\[(.*)\]/.exec(await rawExchange(port, head))?.[1];
  };

  it('reaches blue in its own form where 2.x wrote it, its session and its age unchanged', async () => {
    const gateway = await start();
    const ofGreen = sealCookie(NAME, { madeAt: '1700000000', value: SESSION }, GREEN) ?? '';
    const got = (await cookiesAtSide(gateway.publicPort, `${NAME}=${ofGreen}`)) ?? '';
    expect(openCookie(NAME, got.slice(NAME.length + 1), BLUE)).toEqual({ madeAt: '1700000000', value: SESSION });
    expect(await cookiesAtSide(gateway.publicPort, `${NAME}=${ofBlue()}`)).toBe(`${NAME}=${ofBlue()}`);
  });

  it('reaches green encrypted, its session and its age unchanged, among other cookies that stay as they are', async () => {
    const gateway = await start();
    const cookie = ofBlue();
    expect(await cookiesAtSide(gateway.publicPort, `${NAME}=${cookie}`)).toBe(`${NAME}=${cookie}`);
    await flip(gateway);
    for (const path of ['/oauth2/auth?prompt=none', '/oauth2/sessions/logout']) {
      const sent = await cookiesAtSide(gateway.publicPort, `a=1; ${NAME}=${cookie}; b="2"`, path);
      const [, translated = ''] = new RegExp(`^a=1; ${NAME}=([\\w=-]+); b="2"$`).exec(sent ?? '') ?? [];
      expect(openCookie(NAME, translated, GREEN)).toEqual({ madeAt: '1700000000', value: SESSION });
    }
    expect(await gateway.state()).toMatchObject({ features: ['stale-challenges', 'session-cookies'] });
    const metrics = await fetch(`${gateway.controlUrl}/metrics`, { headers: { Connection: 'close' } });
    expect(await metrics.text()).toContain('gateway_session_cookies_translated_total 2');
  });

  it('is tried a few times only: Hydra reads the first of a name, and thousands of them would keep everybody waiting', async () => {
    const gateway = await start();
    await flip(gateway);
    const cookie = `${NAME}=${ofBlue()}`;
    const behind = (count: number) => `${`${NAME}=x; `.repeat(count)}${cookie}`;
    expect(await cookiesAtSide(gateway.publicPort, behind(7))).not.toContain(cookie);
    expect(await cookiesAtSide(gateway.publicPort, behind(8))).toBe(behind(8));
    // Whatever fields of the head they are in.
    expect(await cookiesAtSide(gateway.publicPort, `${behind(4)}\r\nCookie: ${behind(3)}`)).toContain(cookie);
  });

  it('passes unchanged where Hydra does not read it, and when the translation is off', async () => {
    const gateway = await start();
    await flip(gateway);
    const cookie = `${NAME}=${ofBlue()}`;
    expect(await cookiesAtSide(gateway.publicPort, cookie, '/userinfo')).toBe(cookie);
    expect(await cookiesAtSide(gateway.adminPort, cookie)).toBe(cookie);
    const off = await start({ translate: false });
    await flip(off);
    expect(await cookiesAtSide(off.publicPort, cookie)).toBe(cookie);
    expect(await off.state()).toMatchObject({ features: ['stale-challenges'] });
  });

  it.each([
    ['of 2.x already', ofBlue(SESSION, GREEN)],
    ['signed with another secret', ofBlue(SESSION, { hash: Buffer.from('another'), block: undefined })],
    ['made for another name', sealCookie('other', { madeAt: '1', value: SESSION }, BLUE) ?? ''],
    ['without a session', ofBlue(Buffer.from('no session'))],
    ['with a date that is none', signed('now|AAAA')],
    ['without parts', Buffer.from('nothing').toString('base64url')],
    ['too long', 'A'.repeat(5_000)],
    ['not base64', '%%%'],
    ['empty', ''],
  ])('passes unchanged when it is %s', async (_what, cookie) => {
    const gateway = await start();
    await flip(gateway);
    expect(await cookiesAtSide(gateway.publicPort, `${NAME}=${cookie}`)).toBe(`${NAME}=${cookie}`);
  });

  it('passes unchanged when it was encrypted by nobody’s key or is shorter than any encryption', async () => {
    const gateway = await start({ secret: `${SECRET},not-a-block-key` });
    await flip(gateway);
    expect(await cookiesAtSide(gateway.publicPort, `${NAME}=${ofBlue()}`)).toBe(`${NAME}=${ofBlue()}`);
    const encrypting = await start({ secret: `${SECRET},0123456789abcdef` });
    await flip(encrypting);
    const short = signed('1700000000|AAAA');
    expect(await cookiesAtSide(encrypting.publicPort, `${NAME}=${short}`)).toBe(`${NAME}=${short}`);
  });

  it('would be longer than Hydra reads: not made', () => {
    expect(sealCookie(NAME, { madeAt: '1', value: Buffer.alloc(3_000) }, GREEN)).toBeUndefined();
  });

  it('cannot be translated without Hydra’s secrets: the gateway says which and does not start', async () => {
    await expect(start({ secret: '' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/GATEWAY_COOKIE_KEYS.*hydra-gateway cookie-keys/) as string,
    });
  });
});
