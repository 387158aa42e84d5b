import { type Report } from '../../../../domain/receipts';
import { COMMITTED, EVIDENCE, PARITY, PLAN } from '../../../workflows/support/fake-steps';

export const RECEIPTS = {
  bake: { verdict: 'clean', durationMs: 1, requests: 9, errorRate: 0, p95Ms: 1, problems: [] },
  drain: { captured: 1, applied: 1, missing: 0, undoneChanges: 0, byKind: {}, notCarried: [] },
  validation: {
    ok: true,
    checks: [],
    canaryUser: {
      state: 'held',
      ...{ loggedInAt: '2026-01-01T00:00:00Z', beforeSnapshot: true, why: null },
      steps: [{ step: 'session', state: 'held' }],
    },
  },
  switchovers: [COMMITTED],
  purgeGuard: { ok: true, jobs: [] },
  metrics: { before: null, after: null },
} as const;

/** Of a run that completed. */
export const REPORT: Report = {
  ...{ schemaVersion: 1, cutoverId: 'c', environment: 'test', mode: 'real', startedBy: 'alice', note: 'change 4711' },
  ...{ startedAt: '2026-01-01T00:00:00.000Z', endedAt: '2026-01-01T01:00:00.000Z', outcome: 'completed', cause: null },
  phases: [{ name: 'migrate', durationMs: 4_000, predictedMs: 5_000 }],
  decisions: [{ gate: 'plan', decision: 'approve', by: 'bob', at: '2026-01-01T00:10:00.000Z', note: 'because' }],
  undone: [],
  plan: PLAN,
  ...{ capture: null, clean: null, migrate: null, repair: null, sync: null, parity: PARITY, evidence: EVIDENCE },
  ...RECEIPTS,
};
