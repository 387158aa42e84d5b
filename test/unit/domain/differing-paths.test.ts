import { differingPaths } from '../../../domain/differing-paths';

it.each([
  [{ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }, []],
  [{ a: 1 }, { a: 2 }, ['a']],
  [{ a: { b: [1, { c: 'x' }] } }, { a: { b: [1, { c: 'y' }] } }, ['a.b[1].c']],
  [{ a: 1, b: 2 }, { b: 2, c: 3 }, ['a', 'c']],
  [{ a: [1, 2] }, { a: [1] }, ['a']],
  [{ a: {} }, { a: [] }, ['a']],
  [{ a: null }, { a: {} }, ['a']],
  ['secret', 'other', ['(the whole)']],
  [null, { a: 1 }, ['(the whole)']],
])('says where %j and %j differ', (a, b, paths) => {
  expect(differingPaths(a, b)).toEqual(paths);
});

it('says where the first ones are when much differs', () => {
  const many = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`k${index}`, index]));
  expect(differingPaths(many, {})).toHaveLength(10);
});
