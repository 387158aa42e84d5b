import { nextFault, parseFaultPlan } from '../../../../../world/rds/control/fault-plan';

describe('the fault plan', () => {
  it('throttles as many requests as asked for, of the named action only', () => {
    const first = nextFault({ throttle: { action: 'DescribeDBInstances', count: 1 } }, 'CreateDBSnapshot');
    expect(first.code).toBeUndefined();
    const second = nextFault(first.rest, 'DescribeDBInstances');
    expect(second.code).toBe('Throttling');
    expect(nextFault(second.rest, 'DescribeDBInstances').code).toBeUndefined();
  });

  it('throttles any action when none is named', () => {
    expect(nextFault({ throttle: { count: 2 } }, 'ListTagsForResource')).toMatchObject({
      code: 'Throttling',
      rest: { throttle: { count: 1 } },
    });
  });

  it('fails the next request of an action once, and keeps the delays', () => {
    const plan = {
      failNext: { action: 'CreateDBSnapshot', code: 'SnapshotQuotaExceeded' },
      delaysMs: { creating: 5 },
    } as const;
    const { code, rest } = nextFault(plan, 'CreateDBSnapshot');
    expect(code).toBe('SnapshotQuotaExceeded');
    expect(rest).toEqual({ delaysMs: { creating: 5 } });
  });

  it.each([
    { throttle: { count: -1 } },
    { throttle: {} },
    { delaysMs: { sleeping: 1 } },
    { delaysMs: { creating: 1.5 } },
    { failNext: { action: 'X', code: 'NoSuchCode' } },
    { surprise: 1 },
    [],
    null,
  ])('says what is wrong with %j', (input) => {
    expect(parseFaultPlan(input)).toEqual({ problem: expect.any(String) as string });
  });
});
