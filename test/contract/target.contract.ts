/** A target as the orchestrator reaches it over HTTP. */
export interface TargetUnderTest {
  /** Of the control listener; may change with a restart. */
  readonly controlUrl: string;
  readonly token: string;
  /** Three states that differ. */
  readonly states: readonly [unknown, unknown, unknown];
  readonly invalidState: unknown;
  /** Ends it without warning and starts it again on the same files. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Tagged extends Answer {
  readonly etag: string | null;
}

/** What every target promises, whatever it is: run it for each implementation. */
export function targetContract(name: string, start: () => Promise<TargetUnderTest>): void {
  describe(`target port of ${name}`, () => {
    let target: TargetUnderTest;

    beforeEach(async () => {
      target = await start();
    });
    afterEach(() => target.close());

    const call = async (method: string, path: string, body?: unknown, token = target.token): Promise<Answer> => {
      const response = await fetch(new URL(path, target.controlUrl), {
        method,
        headers: { Authorization: `Bearer ${token}`, Connection: 'close' },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    };
    const stage = (epoch: number, state: unknown) => call('PUT', '/target/staged', { epoch, state });
    const apply = (epoch: number) => call('POST', '/target/apply', { epoch });
    const revert = (epoch: number) => call('POST', '/target/revert', { epoch });
    const tellCommitted = (epoch: number, state: unknown) => call('POST', '/target/committed', { epoch, state });
    const read = () => call('GET', '/target');

    it('begins at epoch 0 with nothing staged', async () => {
      const { status, body } = await read();
      expect(status).toBe(200);
      expect(body).toMatchObject({
        applied: { epoch: 0 },
        staged: null,
        revertedEpoch: 0,
        committedEpoch: 0,
        highestEpoch: 0,
      });
    });

    it('stages without using, applies, and answers each with what it now has', async () => {
      const [first] = target.states;
      const before = await read();
      expect(await stage(3, first)).toEqual({
        status: 200,
        body: { ...(before.body as object), staged: { epoch: 3, state: first }, highestEpoch: 3 },
      });
      const applied = await apply(3);
      expect(applied).toMatchObject({ status: 200, body: { applied: { epoch: 3, state: first }, staged: null } });
      expect(await read()).toEqual(applied);
    });

    it('repeats are harmless', async () => {
      const [first] = target.states;
      await stage(1, first);
      expect(await stage(1, first)).toMatchObject({ status: 200 });
      const applied = await apply(1);
      expect(await apply(1)).toEqual(applied);
      const reverted = await revert(1);
      expect(await revert(1)).toEqual(reverted);
    });

    it('goes back to the state before when an applied epoch is reverted, and never takes that epoch again', async () => {
      const [first, second] = target.states;
      await stage(1, first);
      await apply(1);
      await stage(2, second);
      await apply(2);
      expect(await revert(2)).toMatchObject({
        status: 200,
        body: { applied: { epoch: 1, state: first }, revertedEpoch: 2 },
      });
      expect(await stage(2, second)).toMatchObject({ status: 409, body: { code: 'STALE_EPOCH', highestEpoch: 2 } });
      expect(await apply(2)).toMatchObject({ status: 409, body: { code: 'STALE_EPOCH' } });
    });

    it('applies a committed epoch at once, over a revert, and answers 409 COMMITTED to every later one', async () => {
      const [first, second] = target.states;
      await revert(3);
      expect(await tellCommitted(3, first)).toMatchObject({
        status: 200,
        body: { applied: { epoch: 3, state: first }, staged: null, committedEpoch: 3, highestEpoch: 3 },
      });
      expect(await revert(3)).toMatchObject({ status: 409, body: { code: 'COMMITTED', highestEpoch: 3 } });
      expect(await tellCommitted(2, second)).toMatchObject({ status: 409, body: { code: 'STALE_EPOCH' } });
      expect(await tellCommitted(4, target.invalidState)).toMatchObject({
        status: 422,
        body: { code: 'INVALID_STATE' },
      });
      expect((await read()).body).toMatchObject({ applied: { epoch: 3, state: first }, committedEpoch: 3 });
    });

    it('refuses an older epoch, one that was never staged, and another state for the same epoch', async () => {
      const [first, second] = target.states;
      await stage(5, first);
      expect(await stage(4, first)).toMatchObject({ status: 409, body: { code: 'STALE_EPOCH', highestEpoch: 5 } });
      expect(await apply(6)).toMatchObject({ status: 409, body: { code: 'NOT_STAGED', highestEpoch: 5 } });
      expect(await stage(5, second)).toMatchObject({ status: 409, body: { code: 'CONFLICTING_STATE' } });
    });

    it('refuses a state that it cannot serve and keeps what it has', async () => {
      const before = await read();
      const answer = await stage(1, target.invalidState);
      expect(answer).toMatchObject({ status: 422, body: { code: 'INVALID_STATE' } });
      expect((answer.body as { message: string }).message).not.toBe('');
      expect(await read()).toEqual(before);
    });

    it.each([
      ['not JSON', '{"epoch":'],
      ['no epoch', { state: {} }],
      ['an epoch that is no positive integer', { epoch: 1.5, state: {} }],
      ['epoch 0', { epoch: 0, state: {} }],
      ['an epoch that no switchover can follow', { epoch: 2 ** 53 - 1, state: {} }],
      ['an epoch that is no exact number', '{"epoch":9223372036854775807,"state":{}}'],
      ['an unknown field', { epoch: 1, state: {}, force: true }],
      ['an array', []],
    ])('answers 400 to %s', async (_name, body) => {
      for (const [method, path] of [
        ['PUT', '/target/staged'],
        ['POST', '/target/committed'],
      ] as const) {
        expect(await call(method, path, body)).toMatchObject({ status: 400, body: { code: 'MALFORMED' } });
      }
    });

    const tagged = async (method: string, path: string, body?: unknown, ifMatch?: string): Promise<Tagged> => {
      const response = await fetch(new URL(path, target.controlUrl), {
        method,
        headers: {
          Authorization: `Bearer ${target.token}`,
          Connection: 'close',
          ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json(), etag: response.headers.get('etag') };
    };

    it('gives out an ETag that changes with what it has, and only then, restarts included', async () => {
      const [first] = target.states;
      const begun = await tagged('GET', '/target');
      expect(begun.etag).toMatch(/^"[^"]+"$/);
      const staged = await tagged('PUT', '/target/staged', { epoch: 1, state: first });
      expect(staged.etag).not.toBe(begun.etag);
      expect((await tagged('PUT', '/target/staged', { epoch: 1, state: first })).etag).toBe(staged.etag);
      await target.restart();
      expect((await tagged('GET', '/target')).etag).toBe(staged.etag);
      expect((await tagged('POST', '/target/revert', { epoch: 1 })).etag).not.toBe(staged.etag);
    });

    it('answers 412 to a change on the condition of an older ETag, and keeps what it has', async () => {
      const [first, second] = target.states;
      const { etag } = await tagged('GET', '/target');
      const old = etag ?? '';
      const staged = await tagged('PUT', '/target/staged', { epoch: 1, state: first }, old);
      expect(staged.status).toBe(200);
      const late = await tagged('PUT', '/target/staged', { epoch: 2, state: second }, old);
      expect(late).toMatchObject({ status: 412, body: { code: 'PRECONDITION_FAILED', highestEpoch: 1 } });
      expect(late.etag).toBe(staged.etag);
      expect(await tagged('POST', '/target/apply', { epoch: 1 }, old)).toMatchObject({ status: 412 });
      expect((await read()).body).toEqual(staged.body);
      expect(await tagged('POST', '/target/apply', { epoch: 1 }, `"other", ${staged.etag}`)).toMatchObject({
        status: 200,
      });
      expect(await tagged('POST', '/target/revert', { epoch: 1 }, '*')).toMatchObject({ status: 200 });
    });

    it('takes one of several changes that come at once on the same condition', async () => {
      const [first] = target.states;
      const { etag } = await tagged('GET', '/target');
      const stages = [1, 2, 3].map((epoch) => tagged('PUT', '/target/staged', { epoch, state: first }, etag ?? ''));
      const statuses = (await Promise.all(stages)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, 412, 412]);
    });

    it('answers 413 to a body that no state needs', async () => {
      const huge = { epoch: 1, state: 'x'.repeat(300 * 1024) };
      const outcome = await call('PUT', '/target/staged', huge).catch(() => 'connection closed while sending');
      expect(['connection closed while sending', 413]).toContain(
        typeof outcome === 'string' ? outcome : outcome.status,
      );
    });

    it.each([
      'GET /target',
      'PUT /target/staged',
      'POST /target/apply',
      'POST /target/revert',
      'POST /target/committed',
    ])('answers 401 to %s without the token, with a wrong one and with a part of it', async (route) => {
      const [method = '', path = ''] = route.split(' ');
      const body = method === 'GET' ? undefined : { epoch: 1, state: target.states[0] };
      const before = await read();
      for (const token of ['', 'wrong', target.token.slice(0, -1), `${target.token}x`]) {
        expect(await call(method, path, body, token)).toMatchObject({ status: 401, body: { code: 'UNAUTHORIZED' } });
      }
      expect(await read()).toEqual(before);
    });

    it('answers 405 to another method and names those it takes', async () => {
      expect(await call('DELETE', '/target')).toMatchObject({ status: 405 });
    });

    it('comes back after a sudden end with all it had answered', async () => {
      const [first, second] = target.states;
      await stage(1, first);
      await apply(1);
      await stage(2, second);
      const before = await read();
      await target.restart();
      expect(await read()).toEqual(before);
      expect(await apply(2)).toMatchObject({ status: 200, body: { applied: { epoch: 2, state: second } } });
      await target.restart();
      expect(await revert(2)).toMatchObject({ status: 200, body: { applied: { epoch: 1, state: first } } });
    });

    it('decides concurrent calls one after the other', async () => {
      const [first, second, third] = target.states;
      const answers = await Promise.all([stage(1, first), stage(1, second), stage(2, third), stage(1, third)]);
      const accepted = answers.filter(({ status }) => status === 200);
      expect(accepted.length).toBeGreaterThanOrEqual(1);
      expect((await read()).body).toMatchObject({ highestEpoch: 2, staged: { epoch: 2, state: third } });
    });
  });
}
