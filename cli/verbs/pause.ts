import { brakeVerb } from '../temporal/brake-verb';

export const pauseVerb = brakeVerb({
  name: 'pause',
  summary: 'stop a cutover reading blue for a while',
  description: [
    'The sync and the comparison of rows wait after what they have begun, which takes seconds. Changes of blue are recorded all the while, and green falls behind: watch the disk of blue if the pause is long. Nothing is undone.',
  ],
  examples: ['hydra-cutover pause --config hydra-cutover.yaml --by bob@example.org --note "incident 4711"'],
  changeOf: () => ({ paused: true }),
});
