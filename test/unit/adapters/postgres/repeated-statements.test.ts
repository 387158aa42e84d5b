import { RepeatedStatements } from '../../../../adapters/postgres/repeated-statements';

describe('statements that one session is asked again', () => {
  it('have a name from the second time on, each its own', () => {
    const statements = new RepeatedStatements();
    expect(['a', 'b', 'a', 'b', 'a', 'b'].map((text) => statements.nameOf(text))).toEqual([
      ...[undefined, undefined],
      ...['hydra_cutover_0', 'hydra_cutover_1', 'hydra_cutover_0', 'hydra_cutover_1'],
    ]);
  });

  it('keep it however many others are asked once, and these get none', () => {
    const statements = new RepeatedStatements();
    for (const text of ['a', 'a']) statements.nameOf(text);
    for (let cursor = 0; cursor < 2_000; cursor += 1) expect(statements.nameOf(`cursor ${cursor}`)).toBeUndefined();
    expect(statements.nameOf('a')).toBe('hydra_cutover_0');
  });

  it('are not more than a server should keep', () => {
    const statements = new RepeatedStatements();
    const texts = Array.from({ length: 2_000 }, (_, index) => `statement ${index}`);
    const names = new Set(texts.flatMap((text) => [statements.nameOf(text), statements.nameOf(text)]));
    names.delete(undefined);
    expect(names.size).toBe(500);
    expect(statements.nameOf(texts.at(-1) ?? '')).toBeUndefined();
  });
});
