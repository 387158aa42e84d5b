import { nextRows } from '../../../../hydra/parity/range-queue';

const after = (tookMs: number, ranges: number, rows = 10_000): number =>
  Array.from({ length: ranges }).reduce<number>((size) => nextRows(size, tookMs), rows);

describe('the rows of a range', () => {
  it('grow where a range takes little time, and no further than is worth it', () => {
    expect([after(100, 1), after(100, 4), after(100, 9)]).toEqual([20_000, 160_000, 160_000]);
  });

  it('shrink where it takes long, well before its snapshot would have to end', () => {
    expect([after(20_000, 1), after(20_000, 20)]).toEqual([5_000, 1_000]);
  });

  it('stay where it takes some seconds', () => {
    expect(after(8_000, 5)).toBe(10_000);
  });
});
