import { withTicker } from '../../../../world/toolchain/progress';

describe('withTicker', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('speaks at once, then every 5 s with the elapsed seconds and the latest detail, until it is stopped', () => {
    const lines: string[] = [];
    let detail = '';
    const stop = withTicker({ progress: (line) => lines.push(line) }, 'compiling x', () => detail);
    jest.advanceTimersByTime(5_000);
    detail = 'go: downloading example.org/y';
    jest.advanceTimersByTime(5_000);
    stop();
    jest.advanceTimersByTime(60_000);
    expect(lines).toEqual([
      'compiling x ...',
      'compiling x ... 5 s',
      'compiling x ... 10 s: go: downloading example.org/y',
    ]);
  });
});
