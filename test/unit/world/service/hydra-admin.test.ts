import { HydraAdmin, type HydraSide } from '../../../../world/service/hydra-admin';
import { fakeHydra, type FakeHydra, type Received, type Reply } from './fake-hydra';

/** Where an answer comes or the refusal is clear: only a machine that stands still needs so long. */
const PATIENCE_MS = 30_000;

describe('HydraAdmin', () => {
  let fake: FakeHydra;
  let admin: HydraAdmin;
  let answer: (request: Received) => Reply = () => ({});

  beforeEach(async () => {
    fake = await fakeHydra((request) => answer(request));
    admin = new HydraAdmin();
  });
  afterEach(async () => {
    await admin.close();
    await fake.close();
  });

  const get = (side: HydraSide, path = '/clients', deadlineMs = PATIENCE_MS) =>
    admin.call(side, { method: 'GET', path, deadlineMs });

  it('spells paths as the generation wants them, health without a prefix on both', async () => {
    answer = () => ({ body: { status: 'ok' } });
    const second: HydraSide = { ...fake.side, apiGeneration: 2 };
    await get(fake.side);
    await get(second);
    expect(await admin.isReady(second, PATIENCE_MS)).toBe(true);
    expect(fake.received.map(({ path }) => path)).toEqual(['/clients', '/admin/clients', '/health/ready']);
  });

  it('keeps a path of the admin URL, encodes queries, and says that TLS ended before', async () => {
    answer = () => ({});
    const side: HydraSide = { ...fake.side, adminUrl: `${fake.side.adminUrl}/hydra` };
    await admin.call(side, { method: 'GET', path: '/x', query: { subject: 'a&b=c d' }, deadlineMs: PATIENCE_MS });
    expect(fake.received[0]).toMatchObject({ path: '/hydra/x', headers: { 'x-forwarded-proto': 'https' } });
    expect(fake.received[0]?.query.get('subject')).toBe('a&b=c d');
  });

  it('takes a redirect as an answer and does not follow it', async () => {
    answer = () => ({ status: 307, headers: { Location: `${fake.side.adminUrl}/admin/clients` } });
    expect((await get(fake.side)).status).toBe(307);
    expect(fake.received).toHaveLength(1);
  });

  it('has no body for an answer that is not JSON', async () => {
    answer = () => ({ body: '<html>' });
    expect(await get(fake.side)).toMatchObject({ status: 200, body: undefined });
  });

  it.each([
    ['hangs', { hang: true }],
    ['breaks off in the middle', { cut: true }],
  ] as const)('gives up when Hydra %s', async (_what, reply) => {
    answer = () => reply;
    await expect(get(fake.side, '/clients', 200)).rejects.toMatchObject({ code: 'HYDRA_UNREACHABLE' });
    expect(await admin.isReady(fake.side, 200)).toBe(false);
  });

  it('never repeats a write whose answer was lost', async () => {
    answer = () => ({ cut: true });
    const call = { method: 'PUT', path: '/accept', json: {}, deadlineMs: PATIENCE_MS } as const;
    await expect(admin.call(fake.side, call)).rejects.toMatchObject({ code: 'HYDRA_UNREACHABLE' });
    expect(fake.received).toHaveLength(1);
  });

  it('tells who did not answer without naming what was asked', async () => {
    const gone: HydraSide = { adminUrl: 'http://127.0.0.1:9', apiGeneration: 1 };
    const form = { token: 'hunter2' };
    const call = { method: 'POST', path: '/oauth2/introspect', form, deadlineMs: PATIENCE_MS } as const;
    const fault = await admin.call(gone, call).catch((error: unknown) => error);
    expect(String(fault)).toContain('127.0.0.1:9');
    expect(JSON.stringify(fault) + String(fault)).not.toContain('hunter2');
  });
});
