import { decrypt, encrypt, opaqueToken, systemKey } from '../../../../world/seeder/hydra-crypto';

const key = systemKey('a-system-secret-of-tests');

describe('seeded tokens and sessions', () => {
  it('decrypts what it encrypted, in padded base64url, and gives the same text for the same name', () => {
    for (const text of ['', '{}', '{"name":"Ægir 名前"}', 'x'.repeat(5_000)]) {
      const encrypted = encrypt(text, key, `name of ${text.length}`);
      expect(encrypted).toMatch(/^[\w-]+={0,2}$/);
      expect(encrypted.length % 4).toBe(0);
      expect(decrypt(encrypted, key)).toBe(text);
      expect(encrypt(text, key, `name of ${text.length}`)).toBe(encrypted);
    }
  });

  it('never uses one nonce for two names', () => {
    const nonces = Array.from({ length: 500 }, (_, index) => encrypt('{}', key, `refresh:${index}`).slice(0, 16));
    expect(new Set(nonces).size).toBe(500);
  });

  it('refuses a changed text and another key', () => {
    const encrypted = encrypt('{"a":1}', key, 'x');
    const changed = (encrypted.startsWith('A') ? 'B' : 'A') + encrypted.slice(1);
    expect(() => decrypt(changed, key)).toThrow();
    expect(() => decrypt(encrypted, systemKey('another-system-secret'))).toThrow();
  });

  it('gives every name a token of its own, whose second part is what the database holds', () => {
    const names = (['access', 'refresh', 'code'] as const).flatMap((kind) =>
      [1, 2].flatMap((seed) => [1, 2].flatMap((grant) => [0, 1].map((rotation) => ({ seed, kind, grant, rotation })))),
    );
    const tokens = names.map((name) => opaqueToken(name, key));
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(names.length);
    for (const { token, signature } of tokens) expect(token).toMatch(new RegExp(`^[\\w-]{43}\\.${signature}$`));
  });
});
