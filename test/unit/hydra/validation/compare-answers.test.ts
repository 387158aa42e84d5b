import { compareAnswers } from '../../../../hydra/validation';
import { PATH } from '../../../support/path';

function nested(end: unknown): unknown {
  return Array.from({ length: 30 }).reduce<unknown>((inner) => [inner], end);
}

describe('comparing the answers of both Hydras', () => {
  it.each([
    ['fields that are empty or absent', { a: null, b: '', c: false, d: [], e: {}, f: 0, g: 1 }, { g: 1 }],
    [
      'what is declared',
      [{ consent_request: { context: { x: 'a\u0000\ud83d' } } }],
      [{ consent_request: { context: { x: 'a\ufffd' } }, context: 1 }],
    ],
    [
      'names that are cleaned, of which the last of two stays',
      [{ consent_request: { context: { 'a\u0000': 1, 'b\ud83d': { 'c\udc0e': ['d\u0000'] }, a: 2 } } }],
      [{ consent_request: { context: { a: 2, 'b\ufffd': { 'c\ufffd': ['d'] } } } }],
    ],
    [
      'names that are as they were where they might have been cleaned',
      [{ session: { access_token: { 'a\u0000': 1 } } }],
      [{ session: { access_token: { 'a\u0000': 1 } } }],
    ],
    [
      'what is declared below the depth to which fields have names',
      [{ consent_request: { context: nested({ 'a\u0000': ['\ud83d', Infinity] }) } }],
      [{ consent_request: { context: nested({ a: ['\ufffd', '1e999'] }) } }],
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
    expect(compareAnswers(PATH.differences, 'consent', at(nested('a\u0000b')), at(nested('ab ')))).toHaveLength(1);
    expect(compareAnswers(PATH.differences, 'consent', at({ 'a\u0000b': 1 }), at({ 'ab ': 1 }))).toHaveLength(2);
  });

  it('compares what is nested deeper than any call stack', () => {
    const deep = (end: unknown) => Array.from({ length: 50_000 }).reduce<unknown>((inner) => [inner], end);
    expect(compareAnswers(PATH.differences, 'client', deep('x'), deep('x'))).toEqual([]);
    expect(compareAnswers(PATH.differences, 'client', deep('x'), deep('y'))).toHaveLength(1);
  });
});
