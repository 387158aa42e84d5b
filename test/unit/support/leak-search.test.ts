import { LeakSearch } from '../../support/leak-search';

const SECRET = 'corr/ect+horse="b\\attery~staple';

function leaksIn(text: string): readonly string[] {
  const search = new LeakSearch();
  search.know('planted', SECRET);
  search.know('other', 'never-anywhere-in-these-texts');
  search.search('a log', text);
  return search.leaks.map(({ secret, form }) => `${secret} ${form}`);
}

describe('the search for leaks', () => {
  it.each([
    ['plain', `before ${SECRET} after`],
    ['url-encoded', `postgres://tool:${encodeURIComponent(SECRET)}@host/db`],
    ['url-encoded', new URLSearchParams({ a: 'x y', secret: SECRET }).toString()],
    ['json', JSON.stringify({ nested: { password: SECRET } })],
    ['base64', `Basic ${Buffer.from(SECRET).toString('base64')}`],
    ['base64', Buffer.from(`{"password":"${SECRET}"}`).toString('base64')],
    ['base64', Buffer.from(`client:${SECRET}`).toString('base64')],
    ['base64', Buffer.from(`clients:${SECRET}!`).toString('base64')],
    ['base64url', `${Buffer.from(`??>>${SECRET}`).toString('base64url')}`],
  ])('finds a planted secret that is %s', (form, text) => {
    expect(leaksIn(text)).toContainEqual(expect.stringContaining(`planted ${form.slice(0, 6)}`));
  });

  it('finds what looks like the password of a role that only one run knows', () => {
    expect(leaksIn(`PASSWORD '${'0a'.repeat(24)}'`)).toEqual(['a role of one run generated password']);
    expect(leaksIn(`sha256 ${'0a'.repeat(32)}, trace ${'0a'.repeat(16)}`)).toEqual([]);
  });

  it('finds nothing in a text without secrets, and says nothing of a secret that it found', () => {
    expect(leaksIn('a long text that holds corr/ect and horse, but apart from each other')).toEqual([]);
    const search = new LeakSearch();
    search.know('planted', SECRET);
    search.search('a log', `password=${SECRET}`);
    expect(search.leaks).toEqual([{ secret: 'planted', form: 'plain', where: 'a log', before: 'password=' }]);
  });

  it('finds one among thousands', () => {
    const search = new LeakSearch();
    for (let at = 0; at < 20_000; at += 1) search.know(`token ${at}`, `token-${at}-${'x'.repeat(20)}`);
    search.search('a log', `${'lorem ipsum '.repeat(10_000)}token-777-${'x'.repeat(20)}`);
    expect(search.leaks.map(({ secret }) => secret)).toEqual(['token 777']);
  });
});
