import { asCutoverFault, CutoverFault, FAULTS, isCutoverFault, type FaultCode } from '../../../domain/faults';

describe('the fault table', () => {
  it('ends retryable faults with 6, and gives every code a documented exit code and a meaning', () => {
    for (const code of Object.keys(FAULTS) as FaultCode[]) {
      const { exitCode, retryable, meaning } = FAULTS[code];
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect([1, 2, 3, 4, 5, 6, 130]).toContain(exitCode);
      if (retryable) expect(exitCode).toBe(6);
      expect(meaning).not.toBe('');
    }
  });

  it('keeps code, details and cause in the fault', () => {
    const cause = new Error('inner');
    const fault = new CutoverFault('DB_UNREACHABLE', 'text', { endpoint: 'h:1' }, cause);
    expect(fault).toMatchObject({
      code: 'DB_UNREACHABLE',
      retryable: true,
      exitCode: 6,
      details: { endpoint: 'h:1' },
      cause,
    });
  });

  it('recognises a fault by its shape, and nothing else', () => {
    const fault = new CutoverFault('USAGE', 'x');
    const foreign = Object.assign(new Error('x'), { name: 'CutoverFault', code: 'USAGE' });
    expect([fault, foreign].map(isCutoverFault)).toEqual([true, true]);
    const others = [
      new Error('x'),
      Object.assign(new Error('x'), { code: 'USAGE' }),
      { name: 'CutoverFault', code: 'USAGE' },
      Object.assign(new Error('x'), { name: 'CutoverFault', code: 'NOPE' }),
      null,
      'x',
    ];
    expect(others.map(isCutoverFault)).toEqual(others.map(() => false));
  });

  it('turns anything else into a defect that keeps its cause', () => {
    const cause = new TypeError('x is undefined');
    expect(asCutoverFault(cause)).toMatchObject({ code: 'INTERNAL', exitCode: 1, message: 'x is undefined', cause });
    expect(asCutoverFault('text')).toMatchObject({ code: 'INTERNAL', message: 'text' });
    const fault = new CutoverFault('USAGE', 'x');
    expect(asCutoverFault(fault)).toBe(fault);
  });
});
