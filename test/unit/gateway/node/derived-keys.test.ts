import { keyLine, parseKeys, signTokens } from '../../../../gateway/node/derived-keys';

const SYSTEM = { SECRETS_SYSTEM: 'the-system-secret,an-older-one' };
const COOKIE = { ...SYSTEM, SECRETS_COOKIE: 'a-cookie-secret' };

describe('keys that are made of the secrets of Hydra', () => {
  it('are for flows all of the system secrets, and for cookies the first, where there is no secret of their own', () => {
    const flows = keyLine('flows', COOKIE);
    expect(flows.split(',')).toHaveLength(2);
    expect(keyLine('cookies', SYSTEM)).toBe(flows.split(',')[0]);
    expect(parseKeys('cookies', keyLine('cookies', COOKIE))).toEqual([Buffer.from('a-cookie-secret')]);
    expect(parseKeys('flows', flows)).toHaveLength(2);
  });

  it.each([
    ['those of cookies', keyLine('cookies', COOKIE)],
    ['one that was cut short', keyLine('flows', SYSTEM).slice(0, -1)],
    ['a secret itself', 'the-system-secret'],
    ['nothing', ''],
  ])('are none for flows, which no other key reads, when they are %s', (_case, line) => {
    expect(parseKeys('flows', line)).toBeUndefined();
  });

  it('are what tokens hang on unless cookies have a secret of their own', () => {
    expect(signTokens('cookies', COOKIE)).toBe(false);
    expect(signTokens('flows', COOKIE)).toBe(true);
    expect(signTokens('cookies', { ...SYSTEM, SECRETS_COOKIE: ',' })).toBe(true);
    expect(signTokens('cookies', SYSTEM)).toBe(true);
  });
});
