import { type EpochState } from '../../../../domain/target';
import { Introspector } from '../../../../world/resource-api/introspector';
import { HydraAdmin, type HydraSide } from '../../../../world/service/hydra-admin';
import { fakeHydra, type FakeHydra, type Received, type Reply } from '../service/fake-hydra';

const ACTIVE = { active: true, sub: 'ada', client_id: 'shop', scope: 'openid', token_use: 'access_token' };
const INFO = { subject: 'ada', clientId: 'shop', scope: 'openid' };

describe('Introspector', () => {
  let blue: FakeHydra;
  let green: FakeHydra;
  let admin: HydraAdmin;
  let applied: EpochState<HydraSide>;
  let onBlue: (request: Received) => Reply;
  let onGreen: (request: Received) => Reply;
  let config: { hydraDeadlineMs: number; introspectionCacheMs: number };
  let introspector: Introspector;

  beforeEach(async () => {
    onBlue = () => ({ body: ACTIVE });
    onGreen = () => ({ body: { active: false } });
    blue = await fakeHydra((request) => onBlue(request));
    green = await fakeHydra((request) => onGreen(request), 2);
    admin = new HydraAdmin();
    applied = { epoch: 0, state: blue.side };
    config = { hydraDeadlineMs: 30_000, introspectionCacheMs: 0 };
    introspector = new Introspector({ hydra: admin, side: () => applied, config: () => config });
  });
  afterEach(async () => {
    await admin.close();
    await blue.close();
    await green.close();
  });

  const flip = (): void => {
    applied = { epoch: 1, state: green.side };
    introspector.forget();
  };

  it('asks every time by default', async () => {
    expect(await introspector.introspect('t')).toEqual(INFO);
    onBlue = () => ({ body: { active: false } });
    expect(await introspector.introspect('t')).toBeUndefined();
  });

  it('never gives out an answer of the side that was left while it was asked', async () => {
    onBlue = () => {
      flip(); // the answer "active" is on its way when the flip happens
      return { body: ACTIVE };
    };
    expect(await introspector.introspect('t')).toBeUndefined();
    expect(green.received.map(({ path }) => path)).toContain('/admin/oauth2/introspect');
  });

  it('asks the new side when the one that was left stops answering during the flip', async () => {
    onGreen = () => ({ body: ACTIVE });
    onBlue = () => {
      flip();
      return { cut: true };
    };
    expect(await introspector.introspect('t')).toEqual(INFO);
  });

  it('does not believe "inactive" from a Hydra that is not ready', async () => {
    onBlue = ({ path }) => (path === '/health/ready' ? { status: 503 } : { body: { active: false } });
    await expect(introspector.introspect('t')).rejects.toMatchObject({ code: 'HYDRA_UNREACHABLE' });
  });

  it('asks again when Hydra became ready only after it said "inactive"', async () => {
    let ready = false;
    onBlue = ({ path }) => {
      if (path === '/health/ready') ready = true;
      return { body: ready ? ACTIVE : { active: false } };
    };
    expect(await introspector.introspect('t')).toEqual(INFO);
  });

  it('does not take a refresh token for an access token', async () => {
    onBlue = () => ({ body: { ...ACTIVE, token_use: 'refresh_token' } });
    expect(await introspector.introspect('t')).toBeUndefined();
  });

  it.each([
    ['an error', { status: 500 }],
    ['a redirect', { status: 307 }],
    ['a 404 of the other generation', { status: 404, body: '<html>' }],
    ['no JSON', { body: 'active' }],
    ['no verdict', { body: {} }],
    ['a verdict that is no boolean', { body: { ...ACTIVE, active: 'true' } }],
    ['nothing', { hang: true }],
    ['half an answer', { cut: true, body: ACTIVE }],
  ])('fails when Hydra answers %s', async (_what, reply) => {
    if ('hang' in reply) config = { ...config, hydraDeadlineMs: 500 };
    onBlue = () => reply;
    await expect(introspector.introspect('t')).rejects.toMatchObject({
      code: expect.stringMatching(/^HYDRA_(UNEXPECTED|UNREACHABLE)$/) as string,
    });
  });

  it('remembers for as long as it is told, and nothing across a flip', async () => {
    config = { ...config, introspectionCacheMs: 60_000 };
    await introspector.introspect('t');
    await introspector.introspect('t');
    expect(blue.received).toHaveLength(1);
    config = { ...config, introspectionCacheMs: 0 };
    await introspector.introspect('t');
    expect(blue.received).toHaveLength(2);
    config = { ...config, introspectionCacheMs: 60_000 };
    await introspector.introspect('t');
    flip();
    expect(await introspector.introspect('t')).toBeUndefined();
  });
});
