import { type ServerResponse } from 'node:http';
import { HttpTarget } from '../../../../adapters/target-http/http-target';
import {
  applyTarget,
  highestEpoch,
  initialTargetRecord,
  stageTarget,
  type TargetRecord,
  type TargetResult,
} from '../../../../domain/target';
import { type HttpAnswer, serveHttp, type TestServer } from '../../../support/http-server';

const TOKEN = 'token-of-a-target';
const STATES = { blue: { url: 'b' }, green: { url: 'g' } };
const VIEW = { applied: { epoch: 0, state: STATES.blue }, staged: null, revertedEpoch: 0, highestEpoch: 0 };
const STAGED = { ...VIEW, staged: { epoch: 3, state: STATES.green }, highestEpoch: 3 };

describe('the http target', () => {
  let server: TestServer;
  let target: HttpTarget;
  let answer: HttpAnswer = () => undefined;
  let seen: string[] = [];

  beforeEach(async () => {
    seen = [];
    server = await serveHttp((request, response, body) => {
      const ifMatch = request.headers['if-match'];
      seen.push(`${request.method} ${request.url}${ifMatch === undefined ? '' : ` if ${ifMatch}`}`);
      answer(request, response, body);
    });
    target = new HttpTarget({ name: 'app', controlUrl: `${server.url}/`, token: () => TOKEN, states: STATES });
  });
  afterEach(async () => {
    await target.close();
    await server.close();
  });

  const send = (response: ServerResponse, status: number, body: object, headers = {}) =>
    void response.writeHead(status, headers).end(JSON.stringify(body));

  it('stages on the condition of what it read, and again when somebody changed that', async () => {
    let version = 1;
    let view: object = VIEW;
    answer = ({ method, headers }, response) => {
      if (method === 'GET') return send(response, 200, view, { etag: `"${version}"` });
      // Somebody is faster, once.
      if (version === 1) version = 2;
      if (headers['if-match'] !== `"${version}"`) return send(response, 412, { code: 'PRECONDITION_FAILED' });
      view = STAGED;
      return send(response, 200, view);
    };
    expect(await target.stage(3, 'green')).toMatchObject({ stagedEpoch: 3, appliedSide: 'blue' });
    const [read, put] = ['GET /target', 'PUT /target/staged if'];
    expect(seen).toEqual([read, `${put} "1"`, read, `${put} "2"`, read]);
  });

  const refused = async (put: object, afterwards: object) => {
    let view: object = VIEW;
    answer = ({ method }, response) => {
      if (method === 'GET') return send(response, 200, view, { etag: '"x"' });
      view = afterwards;
      return send(response, 200, put);
    };
    const outcome: unknown = await target.stage(3, 'green').catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: 'TARGET_REFUSED' });
    return String(outcome);
  };
  const otherwise = { ...STAGED, staged: { epoch: 3, state: { url: 'kept-secret', more: 1 } } };

  it('refuses a stage that is answered with another state than was sent, and names fields only', async () => {
    const message = await refused(otherwise, otherwise);
    expect(message).toContain('more, url (values not shown)');
    expect(message).not.toContain('kept-secret');
  });

  it('refuses a stage that was only repeated in the answer, and kept in another way', async () => {
    expect(await refused(STAGED, otherwise)).toContain('more, url');
  });

  it('refuses a stage that is answered without that epoch, or is gone when it is read', async () => {
    expect(await refused(VIEW, VIEW)).toContain('without epoch 3');
    expect(await refused(STAGED, { ...STAGED, staged: { epoch: 4, state: STATES.green }, highestEpoch: 4 })).toContain(
      'it has seen 4',
    );
  });

  it('takes the repeat of a stage whose epoch is applied by now', async () => {
    const applied = { ...VIEW, applied: { epoch: 3, state: STATES.green }, highestEpoch: 3 };
    answer = (_request, response) => send(response, 200, applied, { etag: '"x"' });
    expect(await target.stage(3, 'green')).toMatchObject({ appliedEpoch: 3, stagedEpoch: null });
  });

  it('gives up when somebody changes it all the time', async () => {
    answer = ({ method }, response) =>
      method === 'GET' ? send(response, 200, VIEW, { etag: '"x"' }) : send(response, 412, {});
    await expect(target.stage(3, 'green')).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
  });

  it('does not stage without a condition', async () => {
    answer = (_request, response) => send(response, 200, VIEW);
    await expect(target.stage(3, 'green')).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    expect(seen).toEqual(['GET /target']);
  });

  it.each([
    [409, { code: 'STALE_EPOCH', message: 'newer' }, 'TARGET_REFUSED'],
    [422, { code: 'INVALID_STATE', message: 'no url' }, 'TARGET_STATE_INVALID'],
    [401, { code: 'UNAUTHORIZED' }, 'TARGET_REFUSED'],
    [404, {}, 'TARGET_REFUSED'],
    [503, {}, 'TARGET_UNREACHABLE'],
    [200, { something: 'else' }, 'TARGET_REFUSED'],
  ])('takes %i for what it is', async (status, body, code) => {
    answer = (_request, response) => send(response, status, body, { etag: '"x"' });
    const outcome: unknown = await target.apply(1).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code });
    expect(String(outcome)).not.toContain(TOKEN);
  });

  describe('of a version that cannot be told of a commit', () => {
    /** The routes of before, on a record as it keeps one. */
    const older = (begin: TargetRecord<unknown>): HttpAnswer => {
      let record = begin;
      const decide: Readonly<Record<string, (epoch: number, state: unknown) => TargetResult<unknown>>> = {
        '/target/staged': (epoch, state) => stageTarget(record, epoch, state),
        '/target/apply': (epoch) => applyTarget(record, epoch),
      };
      const view = () => ({ ...record, highestEpoch: highestEpoch(record) });
      return (request, response, body) => {
        const call = decide[request.url ?? ''];
        if (request.method === 'GET') return send(response, 200, view(), { etag: '"x"' });
        if (call === undefined) return send(response, 404, { code: 'NOT_FOUND' });
        const { epoch, state } = JSON.parse(body) as { epoch: number; state: unknown };
        const result = call(epoch, state);
        if (!result.ok) return send(response, 409, { code: result.refusal });
        ({ record } = result);
        return send(response, 200, view());
      };
    };
    const begin = initialTargetRecord<unknown>(STATES.blue);
    const serve = (record: TargetRecord<unknown>) => {
      const serveIt = older(record);
      answer = (request, response, body) => serveIt(request, response, body);
    };

    it('is brought to it by stage and apply, whether it had staged the epoch or lost everything', async () => {
      const staged = stageTarget(begin, 3, STATES.green);
      for (const record of [begin, staged.ok ? staged.record : begin]) {
        serve(record);
        expect(await target.tellCommitted(3, 'green')).toMatchObject({ appliedEpoch: 3, appliedSide: 'green' });
      }
    });

    it('is named, with what to do, when it had given the epoch up and so refuses it for good', async () => {
      serve({ ...begin, revertedEpoch: 3 });
      const outcome: unknown = await target.tellCommitted(3, 'green').catch((error: unknown) => error);
      expect(outcome).toMatchObject({ code: 'TARGET_REFUSED', details: { highestEpoch: 3 } });
      expect(String(outcome)).toMatch(/app has seen epoch 3 .*bring it to this version, then repeat/);
    });
  });

  it.each([2 ** 53 - 1, 2 ** 63 - 1, -1])('does not go on from epoch %d that it reports', async (epoch) => {
    answer = (_request, response) => send(response, 200, { ...VIEW, highestEpoch: epoch }, { etag: '"x"' });
    await expect(target.read()).rejects.toMatchObject({ code: 'EPOCH_IMPOSSIBLE' });
  });
});
