/** Blue serves now, green is next. */
export const SIDE_NAMES = ['blue', 'green'] as const;
export type SideName = (typeof SIDE_NAMES)[number];

/**
 * Which side the writes leave, and which they enter. What carries a switchover out is handed one and knows no colour: its arbiter lives on
 * `from`, and `to` is closed until that has committed.
 */
export interface Direction {
  readonly from: SideName;
  readonly to: SideName;
}

/** What the left and the entered side have of something, by the sides' names. */
export function bySide<T>({ from, to }: Direction, left: T, entered: T): Readonly<Record<SideName, T>> {
  return { [from]: left, [to]: entered } as Readonly<Record<SideName, T>>;
}

/** Every switchover that there is today. */
export const FORWARD: Direction = { from: 'blue', to: 'green' };
