import { VERBS } from '../../../cli/verbs';
import { BY_HAND, documentedParts, tableBelow } from '../../support/by-hand';

const rows = tableBelow(BY_HAND.document, BY_HAND.heading);
const typed = (pattern: RegExp) => rows.flatMap(({ rest }) => [...rest.matchAll(pattern)].map(([, name = '']) => name));

describe('what can be tried by hand in the local world', () => {
  it('is every row of the README', () => {
    const promised = tableBelow('README.md', '## What if …').map(({ what }) => what);
    expect(promised.length).toBeGreaterThan(5);
    const triable = rows.map(({ what }) => what);
    expect(promised.filter((what) => !triable.includes(what))).toEqual([]);
  });

  it.each(rows)('is told with what is typed: $what', ({ rest }) => {
    expect(rest).toMatch(/`[^`]+`|^the same /);
  });

  it('breaks and mends nothing but parts that a world has', () => {
    const named = typed(/`(?:break|mend) ([\w-]+)`/g);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((part) => !documentedParts().includes(part))).toEqual([]);
  });

  it('types no verb that the command line has not', () => {
    const verbs = typed(/`hydra-cutover (\w+)/g);
    expect(verbs.length).toBeGreaterThan(2);
    expect(verbs.filter((verb) => !VERBS.some(({ name }) => name === verb))).toEqual([]);
  });

  it('has the parts that `world --help` names', () => {
    const world = VERBS.find(({ name }) => name === 'world');
    const [, list = ''] = /Parts are (.+)\./.exec(world?.description.join(' ') ?? '') ?? [];
    expect([...list.matchAll(/`([\w-]+)`/g)].map(([, part]) => part).sort()).toEqual(documentedParts());
  });
});
