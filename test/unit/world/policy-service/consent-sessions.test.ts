import { ConsentSessions, type Listing } from '../../../../world/policy-service/consent-sessions';
import { HydraAdmin } from '../../../../world/service/hydra-admin';
import { fakeHydra, type FakeHydra, type Received, type Reply } from '../service/fake-hydra';

const row = (challenge: string, clientId: string) => ({
  consent_request: { challenge, client: { client_id: clientId } },
});

/** Many sessions with one client, and a single one with another. */
function sessions(count: number): ReturnType<typeof row>[] {
  return Array.from({ length: count }, (_, index) => row(`challenge ${index}`, index === 0 ? 'rare' : 'common'));
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

function pageOf({ query }: Received): { size: number; offset: number } {
  const token = query.get('page_token');
  const stated = token === null ? {} : (JSON.parse(Buffer.from(token, 'base64url').toString()) as { offset: string });
  return {
    size: Number(query.get('limit') ?? query.get('page_size')),
    offset: Number(query.get('offset') ?? ('offset' in stated ? stated.offset : 0)),
  };
}

describe('ConsentSessions', () => {
  let fake: FakeHydra;
  let admin: HydraAdmin;
  let answer: (request: Received) => Reply;

  beforeEach(async () => {
    fake = await fakeHydra((request) => answer(request));
    admin = new HydraAdmin();
  });
  afterEach(async () => {
    await admin.close();
    await fake.close();
  });

  const ask = (clients: readonly string[], generation: 1 | 2 = 1, deadlineMs = 30_000): Promise<Listing> =>
    new ConsentSessions(admin).missing({ ...fake.side, apiGeneration: generation }, 'ada', clients, {
      deadlineMs,
      signal: new AbortController().signal,
      pageSize: 10,
    });

  const paged =
    (all: readonly unknown[], order: (list: readonly unknown[]) => readonly unknown[] = (list) => list) =>
    (request: Received): Reply => {
      const { size, offset } = pageOf(request);
      const body = order(all).slice(offset, offset + size);
      return { body, ...(body.length > 0 && { headers: { 'X-Total-Count': String(all.length) } }) };
    };

  it.each([1, 2] as const)('reads all pages of generation %i', async (generation) => {
    answer = paged(sessions(35));
    expect(await ask(['rare', 'common', 'gone'], generation)).toEqual({ kind: 'complete', missing: ['gone'] });
    const offsets = fake.received.map((request) => pageOf(request).offset);
    expect([Math.min(...offsets), Math.max(...offsets)]).toEqual([0, 30]);
  });

  it('says nothing about a client it did not see while rows move between the pages', async () => {
    for (let round = 0; round < 30; round++) {
      answer = paged(sessions(35), shuffled);
      const listing = await ask(['rare']);
      if (listing.kind === 'complete') expect(listing.missing).toEqual([]);
    }
  });

  it('is content with the first page when every client asked for is on it', async () => {
    answer = paged(sessions(35));
    expect(await ask(['rare'])).toEqual({ kind: 'complete', missing: [] });
    expect(fake.received).toHaveLength(1);
  });

  it('believes an empty list only when the page behind it is empty too', async () => {
    answer = () => ({ body: [] });
    expect(await ask(['gone'])).toEqual({ kind: 'complete', missing: ['gone'] });
    // A whole page of expired sessions is filtered away after it was cut.
    answer = (request) => (pageOf(request).offset === 0 ? { body: [] } : paged(sessions(20))(request));
    expect(await ask(['gone'])).toEqual({ kind: 'incomplete' });
  });

  it.each([
    ['the count is missing', () => ({ body: sessions(10) })],
    ['fewer rows come than are counted', () => ({ body: sessions(8), headers: { 'X-Total-Count': '30' } })],
    ['the count changes', (n: number) => ({ body: sessions(10), headers: { 'X-Total-Count': String(30 + n) } })],
  ] as const)('calls the listing incomplete when %s', async (_what, reply) => {
    let calls = 0;
    answer = () => reply(calls++);
    expect(await ask(['gone'])).toEqual({ kind: 'incomplete' });
  });

  it.each([
    ['no array', { body: { sessions: [] } }],
    ['an array of something else', { body: [{ id: 1 }] }],
    ['null', { body: 'null' }],
    ['an error', { status: 500, body: [] }],
    ['a redirect', { status: 307, body: [] }],
    ['no JSON', { body: '[' }],
    ['nothing at all', { hang: true }],
    ['half an answer', { cut: true, body: [] }],
  ])('throws when Hydra answers %s', async (_what, reply) => {
    answer = () => reply;
    await expect(ask(['gone'], 1, 'hang' in reply ? 500 : 30_000)).rejects.toMatchObject({
      code: expect.stringMatching(/^HYDRA_(UNEXPECTED|UNREACHABLE)$/) as string,
    });
  });
});
