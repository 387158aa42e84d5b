import { HttpJob } from '../../../../adapters/job/http-job';
import { createLogger } from '../../../../config/logger';
import { type CleanupJob } from '../../../../world/policy-service/cleanup-job';
import { jobRoutes } from '../../../../world/policy-service/job-routes';
import { startControlListener } from '../../../../world/service/control-listener';
import { type HttpListener } from '../../../../world/service/http-listener';

const TOKEN = 'token-of-a-job';

describe('the preview of the policy service', () => {
  let listener: HttpListener;
  let job: HttpJob;
  let groups: { readonly subject: string; readonly clients: readonly string[] }[] = [];
  let judged = 0;

  beforeEach(async () => {
    judged = 0;
    const preview = () => {
      judged += 1;
      return Promise.resolve({ asOf: 'now', epoch: 1, subjects: 9, policies: 9, incomplete: 0, groups });
    };
    listener = await startControlListener({
      address: { host: '127.0.0.1', port: 0 },
      configStatus: () => ({}) as never,
      routes: [jobRoutes({ preview } as unknown as CleanupJob, TOKEN)],
      logger: createLogger({ level: 'silent' }),
    });
    job = new HttpJob({ name: 'purge', controlUrl: listener.url, token: () => TOKEN });
  });
  afterEach(async () => {
    await job.close();
    await listener.close();
  });

  const get = async (query = '') => {
    const headers = { Authorization: `Bearer ${TOKEN}`, Connection: 'close' };
    const response = await fetch(`${listener.url}/job/preview${query}`, { headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('names all policies, in pages of one and the same judgement', async () => {
    groups = Array.from({ length: 1_700 }, (_, index) => ({ subject: `subject ${index}`, clients: ['a', 'b'] }));
    const { wouldRemove, removals } = await job.preview();
    const subjects = new Set(removals.map(({ subject }) => subject));
    expect([wouldRemove, removals.length, subjects.size]).toEqual([3_400, 3_400, 1_700]);
    expect(removals[1]).toEqual({ subject: 'subject 0', client: 'b' });
    expect(judged).toBe(1);
  });

  it('has one page when that is enough', async () => {
    groups = Array.from({ length: 1_000 }, (_, index) => ({ subject: `subject ${index}`, clients: ['a'] }));
    expect((await get()).body).toMatchObject({ wouldPurgeCount: 1_000, next: null });
  });

  it('forgets the pages of a preview once another is begun, and knows no page that it did not name', async () => {
    groups = Array.from({ length: 2_001 }, (_, index) => ({ subject: `subject ${index}`, clients: ['a'] }));
    const { next } = (await get()).body as { next: string };
    expect((await get(`?after=${next}`)).body).toMatchObject({ wouldPurgeCount: 2_001 });
    expect((await get(`?after=${next}0000`)).status).toBe(410);
    expect((await get('?after=')).status).toBe(410);
    await get();
    expect(await get(`?after=${next}`)).toMatchObject({ status: 410, body: { code: 'PREVIEW_GONE' } });
  });
});
