import { HttpJob } from '../../../../adapters/job/http-job';
import { serveHttp, type TestServer } from '../../../support/http-server';

describe('a job over its control listener', () => {
  let server: TestServer;
  let job: HttpJob;
  let seen: string[] = [];
  let answers: Readonly<Record<string, () => readonly [status: number, body: object]>> = {};

  beforeEach(async () => {
    seen = [];
    server = await serveHttp((request, response) => {
      const route = `${request.method} ${request.url}`;
      seen.push(route);
      const [status, body] = answers[route]?.() ?? [404, {}];
      response.writeHead(status).end(JSON.stringify(body));
    });
    job = new HttpJob({ name: 'purge', controlUrl: server.url, token: () => 'secret-token' });
  });
  afterEach(async () => {
    await job.close();
    await server.close();
  });

  it('is paused only when the run that was under way has ended', async () => {
    let left = 2;
    answers = {
      'POST /job/pause': () => [200, { paused: true, running: true }],
      'GET /job': () => [200, { paused: true, running: --left > 0 }],
    };
    await job.pause();
    expect(seen).toEqual(['POST /job/pause', 'GET /job', 'GET /job']);
    expect(left).toBe(0);
  });

  it('does not wait when nothing runs, and takes repeats', async () => {
    answers = { 'POST /job/pause': () => [200, { paused: true, running: false }] };
    await job.pause();
    await job.pause();
    expect(seen).toEqual(['POST /job/pause', 'POST /job/pause']);
  });

  it('is resumed, and says what it is', async () => {
    answers = {
      'POST /job/resume': () => [200, { paused: false, running: false }],
      'GET /job': () => [200, { paused: false, running: true, more: 'ignored' }],
    };
    await job.resume();
    expect(await job.status()).toEqual({ paused: false, running: true });
  });

  const naming = (...subjects: string[]) => subjects.map((subject) => ({ subject, client: 'c' }));

  it('tells how much it would remove, and whose each of it is, as exactly as the job says', async () => {
    const wouldPurge = [{ subject: 'a' }, { subject: 'b', client: null, consent: 'x', more: 1 }];
    answers = { 'GET /job/preview': () => [200, { wouldPurgeCount: 2, wouldPurge }] };
    expect((await job.preview()).removals).toEqual([{ subject: 'a' }, { subject: 'b', consent: 'x' }]);
    answers = { 'GET /job/preview': () => [200, { wouldPurgeCount: 3, wouldPurge: naming('a', 'b', 'a') }] };
    expect(await job.preview()).toEqual({ wouldRemove: 3, removals: naming('a', 'b', 'a') });
  });

  it('reads a preview to its last page, and says how far it is', async () => {
    answers = {
      'GET /job/preview': () => [200, { wouldPurgeCount: 4, wouldPurge: naming('a', 'b'), next: 'b&c' }],
      // The largest of the counts is what has to be explained.
      'GET /job/preview?after=b%26c': () => [200, { wouldPurgeCount: 6, wouldPurge: naming('c'), next: 'c' }],
      'GET /job/preview?after=c': () => [200, { wouldPurgeCount: 5, wouldPurge: naming('c', 'd'), next: null }],
    };
    const progress: number[] = [];
    const preview = await job.preview((named) => progress.push(named));
    expect(preview).toEqual({ wouldRemove: 6, removals: naming('a', 'b', 'c', 'c', 'd') });
    expect(progress).toEqual([2, 3, 5]);
  });

  it('counts what it is not told the name of', async () => {
    answers = { 'GET /job/preview': () => [200, { wouldPurgeCount: 250_000, wouldPurge: naming('a') }] };
    expect(await job.preview()).toEqual({ wouldRemove: 250_000, removals: naming('a') });
  });

  it.each([
    ['gives the same page again and again', { wouldPurge: naming('a'), next: 'x' }],
    ['gives empty pages', { wouldPurge: [], next: 'x' }],
  ])('refuses a preview that %s', async (_, page) => {
    const answer = (): [number, object] => [200, { wouldPurgeCount: 2, ...page }];
    answers = { 'GET /job/preview': answer, 'GET /job/preview?after=x': answer };
    await expect(job.preview()).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
  });

  it('has a preview begun anew that was forgotten between two pages, and names no subject in a message', async () => {
    let status = 410;
    answers = {
      'GET /job/preview': () => [200, { wouldPurgeCount: 2, wouldPurge: naming('a'), next: 'somebody' }],
      'GET /job/preview?after=somebody': () => [status, {}],
    };
    const failure = () => job.preview().catch((error: unknown) => error);
    expect(await failure()).toMatchObject({ code: 'TARGET_UNREACHABLE' });
    for (status of [400, 500]) expect(String(await failure())).not.toContain('somebody');
    answers = { 'GET /job/preview': () => [410, {}] };
    expect(await failure()).toMatchObject({ code: 'TARGET_REFUSED' });
  });

  it('fails, and is never taken for paused, when the answer is not one', async () => {
    answers = {
      'POST /job/pause': () => [200, { ok: true }],
      'POST /job/resume': () => [500, { code: 'INTERNAL' }],
      'GET /job/preview': () => [200, { wouldPurgeCount: 3 }],
    };
    await expect(job.pause()).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    await expect(job.resume()).rejects.toMatchObject({ code: 'TARGET_UNREACHABLE' });
    await expect(job.preview()).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
  });
});
