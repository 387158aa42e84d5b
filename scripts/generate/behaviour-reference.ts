import { callWords } from '../../domain/sightings';
import { type BehaviourDifference } from '../../hydra/paths/behaviour-difference';
import { BEHAVIOUR_DIFFERENCES } from '../../hydra/paths/1-11-10-to-2-3-0/behaviour-differences';
import { code, GENERATED_NOTE, table } from './markdown';

const INTRODUCTION = `# What 2.3.0 answers otherwise than 1.11.10

${GENERATED_NOTE}

Both were asked the same some seven hundred times through the gateway: what clients, browsers, login apps and admins ask, the good and the bad. A test
does it again and fails for a difference that is not here. Texts for people (\`error_description\`) are not compared. Fields that depend on what is stored
are a list of their own, which gate \`plan\` shows.`;

export function renderBehaviourReference(): string {
  const counted = BEHAVIOUR_DIFFERENCES.flatMap((line) =>
    'seenAs' in line ? [[...about(line), met(line.seenAs)]] : [],
  );
  const harmless = BEHAVIOUR_DIFFERENCES.flatMap((line) =>
    'harmless' in line ? [[...about(line), line.harmless]] : [],
  );
  const head = ['request', 'when', 'status', 'what differs'];
  return `${[
    INTRODUCTION,
    '## Counted by the gateways, by client or caller, while blue serves',
    table([...head, 'whoever meets it'], counted),
    '## Harmless',
    table([...head, 'why'], harmless),
  ].join('\n\n')}\n`;
}

function about({ request, when, asking, statuses, parts }: BehaviourDifference): string[] {
  return [
    code(request),
    asking === undefined ? when : `${when} (${asking.join(', ')})`,
    typeof statuses === 'object' ? (statuses[0] === statuses[1] ? `${statuses[0]}` : statuses.join(' → ')) : '',
    parts.map(code).join(', '),
  ];
}

function met(kind: Extract<BehaviourDifference, { seenAs: unknown }>['seenAs']): string {
  return callWords({ kind, who: ['one'], more: 0, isCured: false }, '2.3.0').consequence;
}
