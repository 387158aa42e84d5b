import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { HttpJob } from '../../../../adapters/job/http-job';

describe('a job over its control listener', () => {
  let server: Server;
  let job: HttpJob;
  let seen: string[] = [];
  let answers: Readonly<Record<string, () => readonly [status: number, body: object]>> = {};

  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      const route = `${request.method} ${request.url}`;
      seen.push(route);
      const [status, body] = answers[route]?.() ?? [404, {}];
      request.resume().on('end', () => response.writeHead(status).end(JSON.stringify(body)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const controlUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    job = new HttpJob({ name: 'purge', controlUrl, token: () => 'secret-token' });
  });
  afterEach(async () => {
    await job.close();
    await new Promise((resolve) => server.close(resolve));
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

  it('tells how much it would remove, and each subject once', async () => {
    const wouldPurge = ['a', 'b', 'a'].map((subject) => ({ subject, client: 'c' }));
    answers = { 'GET /job/preview': () => [200, { wouldPurgeCount: 3, wouldPurge }] };
    expect(await job.preview()).toEqual({ wouldRemove: 3, subjects: ['a', 'b'] });
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
