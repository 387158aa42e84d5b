import { arrowsOf, cyclesOf, unreached } from '../../../../scripts/lib/shape';

const imports = (graph: Readonly<Record<string, readonly string[]>>) => new Map(Object.entries(graph));

describe('the shape of the imports', () => {
  it('counts arrows between folders, and none inside of one', () => {
    const arrows = arrowsOf(
      imports({ 'a/one.ts': ['a/two.ts', 'b/x.ts'], 'a/two.ts': ['b/x.ts', 'c/y.ts'], 'b/x.ts': [] }),
    );
    expect([...arrows].map(([from, counts]) => [from, Object.fromEntries(counts)])).toEqual([['a', { b: 2, c: 1 }]]);
  });

  it('finds folders that import each other, also by way of a third one, and names each group once', () => {
    const around = { 'a/1.ts': ['b/1.ts'], 'b/1.ts': ['c/1.ts'], 'c/1.ts': ['a/2.ts'], 'd/1.ts': ['a/1.ts'] };
    expect(cyclesOf(arrowsOf(imports(around)))).toEqual([['a', 'b', 'c']]);
    expect(cyclesOf(arrowsOf(imports({ 'a/1.ts': ['b/1.ts'], 'b/2.ts': ['c/1.ts'] })))).toEqual([]);
  });

  it('finds files that nothing leads to, also where they import each other', () => {
    const graph = imports({ 'main.ts': ['a/1.ts'], 'a/1.ts': [], 'a/2.ts': ['a/3.ts'], 'a/3.ts': ['a/2.ts'] });
    expect(unreached(graph, ['main.ts'])).toEqual(['a/2.ts', 'a/3.ts']);
  });
});
