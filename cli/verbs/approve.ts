import { Option } from 'commander';
import { CutoverFault } from '../../domain/faults';
import { GATES, type Decision, type Gate } from '../../domain/runbook';
import { decisionVerb } from '../temporal/decision-verb';

export const approveVerb = decisionVerb({
  name: 'approve',
  summary: 'let a cutover go on at a gate',
  description: [
    'Gates `plan`, `proceed`, `cutover` and `finalize` are approved as they are. Gate `intervene` opens when a person is needed and takes `--decision`: `retry` repeats the failed phase or undo, `wait` notes that somebody is working on it, `skip` goes on without it (needs `--note`), `give_up` ends an undo and leaves the rest of it to a person (needs `--note`).',
  ],
  examples: [
    'hydra-cutover approve --config hydra-cutover.yaml --gate plan --by bob@example.org',
    'hydra-cutover approve --config hydra-cutover.yaml --gate intervene --decision retry --by bob@example.org --note "target is back"',
  ],
  gates: Object.keys(GATES) as Gate[],
  addOptions: (command) => {
    command.addOption(new Option('--decision <decision>', 'for gate intervene').choices([...GATES.intervene]));
  },
  decisionOf: ({ gate, decision }): Decision => {
    if ((gate === 'intervene') === (decision !== undefined)) return (decision ?? 'approve') as Decision;
    const usage =
      gate === 'intervene'
        ? `gate intervene takes --decision ${GATES.intervene.join(', ')}`
        : '--decision is for gate intervene alone';
    throw new CutoverFault('USAGE', `${usage}; see \`hydra-cutover approve --help\``);
  },
});
