import { compareAnswers } from '../../../../hydra/validation';
import { PATH } from '../../../support/path';

describe('comparing the answers of both Hydras', () => {
  it.each([
    ['fields that are empty or absent', { a: null, b: '', c: false, d: [], e: {}, f: 0, g: 1 }, { g: 1 }],
    [
      'what is declared',
      [{ consent_request: { context: { x: 'a\u0000\ud83d' } } }],
      [{ consent_request: { context: { x: 'a\ufffd' } }, context: 1 }],
    ],
    [
      'numbers that became text',
      [{ consent_request: { context: [Infinity] } }],
      [{ consent_request: { context: ['1e999'] } }],
    ],
  ])('finds nothing in %s', (_what, blue, green) => {
    expect(compareAnswers(PATH.differences, 'consent', blue, green)).toEqual([]);
  });

  it.each([
    ['a value', { a: { b: 1 } }, { a: { b: 2 } }, [{ path: 'a.b', kind: 'changed' }]],
    ['a lost field', { a: 1, b: 2 }, { b: 2 }, [{ path: 'a', kind: 'lost' }]],
    ['an added field', { b: 2 }, { a: 1, b: 2 }, [{ path: 'a', kind: 'added' }]],
    ['an element in a list', { a: ['x', 'y'] }, { a: ['x', 'z'] }, [{ path: 'a[]', kind: 'changed' }]],
    ['a list of another length', { a: ['x|y'] }, { a: ['x\\', 'y'] }, [{ path: 'a', kind: 'changed' }]],
    ['an object for a list', { a: ['x'] }, { a: { 0: 'x' } }, [{ path: 'a', kind: 'changed' }]],
    ['another status', { a: 1 }, 404, [{ path: '', kind: 'changed' }]],
  ])('names the field of %s', (_what, blue, green, found) => {
    expect(compareAnswers(PATH.differences, 'client', blue, green)).toEqual(
      found.map((one) => ({ question: 'client', ...one })),
    );
  });

  it('takes text that was changed otherwise than by cleaning for a difference', () => {
    const at = (x: unknown) => [{ consent_request: { context: { x } } }];
    expect(compareAnswers(PATH.differences, 'consent', at('a\u0000b'), at('ab '))).toHaveLength(1);
    expect(compareAnswers(PATH.differences, 'consent', at(5), at('5'))).toHaveLength(1);
  });

  it('compares what is nested deeper than any call stack', () => {
    const deep = (end: unknown) => Array.from({ length: 50_000 }).reduce<unknown>((inner) => [inner], end);
    expect(compareAnswers(PATH.differences, 'client', deep('x'), deep('x'))).toEqual([]);
    expect(compareAnswers(PATH.differences, 'client', deep('x'), deep('y'))).toHaveLength(1);
  });
});
