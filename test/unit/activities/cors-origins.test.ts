import { tryOrigins } from '../../../activities/evidence/cors-origins';
import { type SideName, FORWARD } from '../../../domain/sides';

const origin = (index: number) => `https://${index}.example`;
const MANY = Array.from({ length: 130 }, (_, index) => origin(index));

/** @param refuses origins, by side */
const hydra = (refuses: (side: SideName, origin: string) => boolean) => ({
  direction: FORWARD,
  hydra: { allowsOrigin: (side: SideName, asked: string) => Promise.resolve(!refuses(side, asked)) } as never,
});

describe('origins of browsers', () => {
  it('that are too many, or stand for others, are told as not tried', async () => {
    const wide = 'https://*.wide.example';
    const { tried, refused, untried } = await tryOrigins(
      hydra((side, asked) => side === 'green' && asked === origin(7)),
      [wide, ...MANY],
    );
    expect([tried, refused]).toEqual([100, [origin(7)]]);
    expect(untried).toEqual([wide, ...MANY.slice(100)]);
  });

  it('are nobody whom green could refuse where blue lets no browser in', async () => {
    const off = await tryOrigins(
      hydra((side) => side === 'blue'),
      MANY,
    );
    expect(off).toEqual({ tried: 100, refused: [], untried: [] });
  });
});
