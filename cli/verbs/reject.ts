import { GATES, type Gate } from '../../domain/runbook';
import { decisionVerb } from '../temporal/decision-verb';

export const rejectVerb = decisionVerb({
  name: 'reject',
  summary: 'stop a cutover at a gate',
  description: [
    'At gates `plan` and `cutover` everything is undone and blue goes on serving. At gate `finalize` the writes have moved and there is no way back: gate `intervene` opens.',
  ],
  examples: [
    'hydra-cutover reject --config hydra-cutover.yaml --gate cutover --by bob@example.org --note "too much traffic"',
  ],
  gates: (Object.keys(GATES) as Gate[]).filter((gate) => GATES[gate].some((decision) => decision === 'reject')),
  addOptions: () => undefined,
  decisionOf: () => 'reject',
});
