import { type Mutation } from '../../test/mutations/mutation';
import { MUTATIONS } from '../../test/mutations/mutations';
import { CHECKS } from '../../test/mutations/mutation';

const HEAD = `# Mutations, and second lines of defence

Small mistakes that were planted in what decides a switchover, and the test that notices each. \`npm run mutate\` plants every one in a
copy of the sources and fails when one is not noticed as this page says. Where a second line of defence stands behind a decision, the
mistake alone changes nothing that can be seen; then both are taken out, and the same test must notice.
`;

/** The page of mutations, as Markdown. */
export function renderMutationReference(): string {
  const guarded = MUTATIONS.filter(({ secondLine }) => secondLine !== undefined);
  const checks = Object.entries(CHECKS).map(([name, path]) => `| ${name} | \`${path}\` |`);
  return [
    HEAD,
    '## Decisions with a second line of defence\n',
    '| what if | in | what stands behind it | in | noticed, without both, by |',
    '|---|---|---|---|---|',
    ...guarded.map((mutation) => guardedRow(mutation)),
    '\n## Decisions that stand alone\n',
    '| what if | in | noticed by |',
    '|---|---|---|',
    ...MUTATIONS.filter(({ secondLine }) => secondLine === undefined).map(
      ({ what, file, killedBy }) => `| ${what} | \`${file}\` | ${killedBy} |`,
    ),
    '\n## The tests\n',
    '| name | tests |',
    '|---|---|',
    ...checks,
    '',
  ].join('\n');
}

function guardedRow({ what, file, killedBy, secondLine }: Mutation): string {
  return `| ${what} | \`${file}\` | ${secondLine?.what ?? ''} | \`${secondLine?.edit.file ?? ''}\` | ${killedBy} |`;
}
