import { assertNamed, judgeDecision, type GateView } from '../../../workflows/decisions';

const VIEW: GateView = {
  open: { gate: 'plan', question: 'plan-1-aa', decisions: ['approve', 'reject'] },
  last: null,
  phase: 'plan',
  startedBy: 'Alice',
  approverIsNotStarter: true,
  approvers: [],
};
const APPROVE = { gate: 'plan', decision: 'approve', by: 'bob' };

const judged = (raw: unknown, view: Partial<GateView> = {}) => {
  try {
    return judgeDecision(raw, { ...VIEW, ...view });
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code}: ${message}`;
  }
};

describe('judgeDecision', () => {
  it('takes a decision for the open gate, trimmed', () => {
    expect(judged({ ...APPROVE, by: ' bob ', note: ' ok ', other: 1 })).toEqual({ ...APPROVE, note: 'ok' });
    expect(judged({ ...APPROVE, note: ' ' })).toEqual(APPROVE);
    expect(judged({ ...APPROVE, note: null })).toEqual(APPROVE);
    expect(judged({ ...APPROVE, question: 'plan-1-aa' })).toMatchObject({ question: 'plan-1-aa' });
  });

  it.each([
    [undefined, 'DECISION_INVALID: the decision is empty; send {"gate"'],
    [null, 'DECISION_INVALID: the decision is empty'],
    ['', 'DECISION_INVALID: the decision is empty'],
    ['approve', 'DECISION_INVALID: the decision is a string, not an object'],
    [[APPROVE], 'DECISION_INVALID: the decision is a list, not an object'],
    [
      {},
      '"gate" must be one of plan, proceed, cutover, finalize, intervene; "decision" must be one of approve, reject, retry, wait, skip, give_up; "by" must say who decides',
    ],
    [{ ...APPROVE, gate: 'toString' }, '"gate" must be one of'],
    [{ ...APPROVE, by: '  ' }, '"by" must say who decides'],
    [{ ...APPROVE, by: 'x'.repeat(201) }, '"by" has more than 200 characters'],
    [{ ...APPROVE, note: 5 }, '"note" must be text'],
    [{ ...APPROVE, note: 'x'.repeat(2_001) }, '"note" has more than 2000 characters'],
    [{ ...APPROVE, decision: 'retry' }, 'DECISION_INVALID: gate plan does not take "retry"; allowed: approve, reject'],
    [
      { ...APPROVE, question: 'plan-1-bb' },
      'GATE_NOT_OPEN: the decision is for question plan-1-bb, of an earlier time',
    ],
    [{ ...APPROVE, question: 7 }, 'DECISION_INVALID: "question" must be text'],
    [
      { gate: 'intervene', decision: 'skip', by: 'bob' },
      '"skip" needs "note" (on the command line --note): why, for the report; nothing was recorded',
    ],
    [{ gate: 'intervene', decision: 'give_up', by: 'bob', note: ' ' }, '"give_up" needs "note"'],
    [{ gate: 'plan', decision: 'no', by: 'bob' }, 'send for example {"gate":"plan"'],
    [{ ...APPROVE, by: 'ALICE ' }, 'another person must decide gate plan'],
    [{ ...APPROVE, gate: 'cutover' }, 'GATE_NOT_OPEN: gate cutover is not open: the open gate is plan'],
  ])('%j is refused', (raw, message) => {
    expect(judged(raw)).toContain(message);
  });

  it('says that no gate is open, or who decided it', () => {
    expect(judged(APPROVE, { open: null, phase: 'restore' })).toContain('no gate is open, the phase is restore');
    expect(judged(APPROVE, { open: null, last: { gate: 'plan', decision: 'reject', by: 'carol' } })).toContain(
      'gate plan is decided already: reject by carol',
    );
  });

  it('lets a busy hour pass only with a reason, and says no to everything without one', () => {
    const open = { gate: 'cutover', question: 'cutover-2-aa', decisions: ['approve', 'reject'] } as const;
    const view = { open, approvalNeedsNote: 'clients write 41 times per second (gates.writesPerSecondMax: 20)' };
    const approve = { ...APPROVE, gate: 'cutover' };
    expect(judged(approve, view)).toMatch(/^DECISION_INVALID: clients write 41 .*; wait, or say in "note"/);
    expect(judged({ ...approve, note: 'the window closes' }, view)).toMatchObject({ decision: 'approve' });
    expect(judged({ ...approve, decision: 'reject' }, view)).toMatchObject({ decision: 'reject' });
    expect(judged(approve, { open, approvalNeedsNote: null })).toMatchObject({ decision: 'approve' });
  });

  it('takes only what an intervention offers this time, also from the starter', () => {
    const open = { gate: 'intervene', question: 'intervene-2-aa', decisions: ['retry', 'wait'] } as const;
    const by = 'Alice';
    expect(judged({ gate: 'intervene', decision: 'retry', by }, { open })).toMatchObject({ decision: 'retry' });
    expect(judged({ gate: 'intervene', decision: 'skip', by, note: 'known' }, { open })).toContain(
      'does not take "skip" this time; allowed: retry, wait',
    );
  });

  it('takes a decision of those alone whom the config names, but lets anybody help', () => {
    const named = { approvers: ['Bob', 'carol@example.org'] };
    expect(judged({ ...APPROVE, by: 'bob' }, named)).toEqual(APPROVE);
    expect(judged({ ...APPROVE, by: 'mallory' }, named)).toContain(
      'none of those that may decide gate plan: Bob, carol',
    );
    const open = { gate: 'intervene' as const, question: 'i', decisions: ['retry' as const] };
    expect(judged({ gate: 'intervene', decision: 'retry', by: 'dave' }, { ...named, open })).toMatchObject({
      by: 'dave',
    });
  });
});

describe('assertNamed', () => {
  it('lets nobody approve the cutover without the question that was read; rejecting needs none', () => {
    const cutover = { gate: 'cutover', decision: 'approve', by: 'bob' } as const;
    expect(() => assertNamed(cutover)).toThrow(/takes an approval only with "question"/);
    expect(() => assertNamed({ ...cutover, question: 'cutover-2-aa' })).not.toThrow();
    expect(() => assertNamed({ ...cutover, decision: 'reject' })).not.toThrow();
    expect(() => assertNamed({ ...cutover, gate: 'plan' })).not.toThrow();
  });

  it.each([
    [{ by: 'YOUR NAME' }, '"by" is still "YOUR NAME"'],
    [{ by: 'NAME' }, '"by" is still "NAME"'],
    [{ by: 'bob', note: 'why' }, '"note" is still "why"'],
  ])('takes no answer with a placeholder of the one that was copied: %j', (copied, says) => {
    expect(() => assertNamed({ gate: 'plan', decision: 'reject', ...copied })).toThrow(says);
  });
});
