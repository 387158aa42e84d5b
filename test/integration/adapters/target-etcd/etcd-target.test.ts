import { EtcdClient } from '../../../../adapters/target-etcd/etcd-client';
import { EtcdTarget, type EtcdTargetOptions } from '../../../../adapters/target-etcd/etcd-target';
import { createEtcd, type TestEtcd } from '../../../support/etcd';
import { serveHttp } from '../../../support/http-server';

const USER = 'cutover';
const STATES = {
  blue: { '/app/hydra': 'http://blue.test', '/app/generation': '1' },
  green: { '/app/hydra': 'http://green.test', '/app/prefix': '/admin' },
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Hands every call on to etcd, and loses the answer of the next commit. */
async function startLosingProxy(etcd: TestEtcd) {
  let losesNext = false;
  const lost: string[] = [];
  const server = await serveHttp((request, response, body) => {
    void etcd.call(request.url ?? '', JSON.parse(body) as object).then((answer) => {
      if (losesNext && body.includes('compare')) {
        losesNext = false;
        lost.push(JSON.stringify(answer));
        request.socket.destroy();
      } else response.end(JSON.stringify(answer));
    });
  });
  return { ...server, lost, loseNext: () => void (losesNext = true) };
}

describe('a target in keys of a real etcd', () => {
  let etcd: TestEtcd;
  let open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    etcd = await createEtcd();
    await etcd.start();
  });
  afterEach(async () => {
    for (const one of open) await one.close();
    open = [];
  });
  afterAll(() => etcd.dispose());

  function connect(changes: Partial<EtcdTargetOptions> = {}): EtcdTarget {
    const target = new EtcdTarget({
      name: 'app',
      endpoints: [etcd.url],
      states: STATES,
      recordKey: '/record',
      ...changes,
    });
    open.push(target);
    return target;
  }
  const put = (key: string, value: string) => etcd.call('/v3/kv/put', { key: base64(key), value: base64(value) });
  const revisionOf = async (key: string) => {
    const { kvs } = (await etcd.call('/v3/kv/range', { key: base64(key) })) as { kvs?: { mod_revision: string }[] };
    return kvs?.[0]?.mod_revision;
  };

  it('changes all keys and its record in one revision, and asks the next member when one is away', async () => {
    for (const [key, value] of Object.entries(STATES.blue)) await put(key, value);
    const target = connect({ endpoints: ['http://127.0.0.1:1', etcd.url] });
    await target.stage(1, 'green');
    await target.apply(1);
    const revisions = await Promise.all(['/app/hydra', '/app/prefix', '/record'].map(revisionOf));
    expect(new Set(revisions).size).toBe(1);
    expect(await revisionOf('/app/generation')).toBeUndefined();
  });

  it('does nothing when one of the keys was changed since it was read', async () => {
    const client = new EtcdClient({ name: 'app', endpoints: [etcd.url] });
    open.push(client);
    await put('/cas/a', '1');
    const seen = (await client.read(['/cas/a'])).get('/cas/a')?.modRevision ?? '';
    await put('/cas/a', '2');
    const unchanged = new Map([
      ['/cas/a', seen],
      ['/cas/b', '0'],
    ]);
    expect(await client.commit({ unchanged, put: new Map([['/cas/b', 'x']]) })).toBe(false);
    expect([...(await client.read(['/cas/a', '/cas/b'])).keys()]).toEqual(['/cas/a']);
  });

  it('finds out what became of a commit whose answer was lost', async () => {
    const proxy = await startLosingProxy(etcd);
    try {
      const target = connect({ endpoints: [proxy.url], recordKey: '/record-of-lost' });
      proxy.loseNext();
      await expect(target.stage(7, 'green')).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
      expect(proxy.lost).toEqual([expect.stringContaining('"succeeded":true')]);
      expect(await target.stage(7, 'green')).toMatchObject({ stagedEpoch: 7, highestEpoch: 7 });
    } finally {
      await proxy.close();
    }
  });

  describe('with authentication', () => {
    let password = 'first-password';

    beforeAll(async () => {
      await etcd.call('/v3/auth/user/add', { name: 'root', password: 'root-password' });
      await etcd.call('/v3/auth/user/grant', { user: 'root', role: 'root' });
      await etcd.call('/v3/auth/user/add', { name: USER, password });
      await etcd.call('/v3/auth/role/add', { name: USER });
      const range = { key: base64('/app/'), range_end: base64('/app0') };
      await etcd.call('/v3/auth/role/grant', { name: USER, perm: { permType: 'READWRITE', ...range } });
      await etcd.call('/v3/auth/role/grant', {
        name: USER,
        perm: { permType: 'READWRITE', key: base64('/record') },
      });
      await etcd.call('/v3/auth/user/grant', { user: USER, role: USER });
      await etcd.call('/v3/auth/enable', {});
    });

    const login = { user: USER, password: () => password };

    it('needs its keys and no more, and logs in again when its token is not known any more', async () => {
      const target = connect({ login });
      expect(await target.read()).toMatchObject({ appliedEpoch: 1, appliedSide: 'green' });
      await etcd.kill();
      await etcd.start();
      expect(await target.stage(9, 'blue')).toMatchObject({ stagedEpoch: 9 });
    });

    it('is refused without a login, with a wrong password, and for keys of others; the password is told to nobody', async () => {
      await expect(connect().read()).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
      const wrong = { user: USER, password: () => 'not-the-password' };
      const outcome: unknown = await connect({ login: wrong })
        .read()
        .catch((error: unknown) => error);
      expect(outcome).toMatchObject({ code: 'TARGET_REFUSED' });
      expect(String(outcome)).not.toContain('not-the-password');
      const others = connect({ login, recordKey: '/somebody-elses' });
      await expect(others.read()).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    });

    it('looks for a newer password when the one it has is refused', async () => {
      password = 'rotated-away';
      const renew = () => {
        password = 'first-password';
        return Promise.resolve(true);
      };
      expect((await connect({ login, renew }).read()).highestEpoch).toBe(9);
    });
  });
});
