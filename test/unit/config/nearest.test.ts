import { nearest } from '../../../config/nearest';

describe('nearest', () => {
  it.each([
    ['adress', 'address'],
    ['namesapce', 'namespace'],
    ['TASKQUEUE', 'taskQueue'],
    ['prot', 'port'],
    ['zzzzzz', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ])('takes %.20s for %s', (word, expected) => {
    expect(nearest(word, ['address', 'namespace', 'taskQueue', 'port'])).toBe(expected);
  });
});
