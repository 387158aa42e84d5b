import { judgeLoad } from '../../../../domain/judge/judge-load';

const age = (cpuMsPerRequest: number | null, residentBytes: number | null) => ({
  cpuMsPerRequest,
  residentBytes,
  p95Ms: null,
});
const both = { old: 100, new: 60 };

describe('what two Hydras cost', () => {
  it('is well while the new one takes as often as much as it may', () => {
    const load = { old: age(2, 50), new: age(8, 200) };
    expect(judgeLoad({ load, requests: both, ratioMax: 4 })).toEqual({ problems: [], unseen: [] });
  });

  it('is bad above that, each with both figures', () => {
    const { problems } = judgeLoad({ load: { old: age(2, 50), new: age(9, 201) }, requests: both, ratioMax: 4 });
    expect(problems).toEqual([
      'memory of the new version was 201 bytes, of the old one 50 (allowed: 4 times)',
      'CPU per request of the new version was 9 ms, of the old one 2 (allowed: 4 times)',
    ]);
  });

  it.each([
    ['had few requests beside the other', { old: 100, new: 49 }],
    ['had all of them', { old: 0, new: 100 }],
  ])('is not compared by request when one %s', (_what, requests) => {
    const load = { old: age(2, 50), new: age(900, 60) };
    expect(judgeLoad({ load, requests, ratioMax: 4 })).toEqual({ problems: [], unseen: [] });
  });

  it('proves nothing where it was not seen, and is left alone with 0', () => {
    const load = { old: age(null, 50), new: age(1, null) };
    expect(judgeLoad({ load, requests: both, ratioMax: 4 }).unseen).toEqual([
      'memory was not seen of the new version',
      'CPU per request was not seen of the old version',
    ]);
    expect(judgeLoad({ load, requests: both, ratioMax: 0 })).toEqual({ problems: [], unseen: [] });
  });
});
