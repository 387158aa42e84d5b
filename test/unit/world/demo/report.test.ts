import { Report } from '../../../../world/demo/report';

function written(): { report: Report; text: () => string } {
  const parts: string[] = [];
  return { report: new Report((part) => parts.push(part)), text: () => parts.join('') };
}

describe('demo report', () => {
  it('holds only when there was a check and every check held', () => {
    const { report } = written();
    expect(report.allHeld).toBe(false);
    report.check('a', true, '1 of 1');
    expect(report.allHeld).toBe(true);
    report.check('b', false, '0 of 1');
    expect(report.allHeld).toBe(false);
  });

  it('says each step with its time and each check with what was seen', async () => {
    const { report, text } = written();
    await report.step('snapshot', () => Promise.resolve());
    report.check('tokens live', false, '3 of 4');
    expect(text()).toMatch(/> snapshot\n {2}\d+\.\d s\n {2}FAIL {2}tokens live: 3 of 4\n$/);
    expect(report.checks).toEqual([{ claim: 'tokens live', held: false, observed: '3 of 4' }]);
  });

  it('says which step failed and throws on', async () => {
    const { report, text } = written();
    await expect(report.step('restore', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(text()).toMatch(/> restore\n {2}failed after/);
  });
});
