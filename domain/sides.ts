/** Blue serves now, green is next. */
export const SIDE_NAMES = ['blue', 'green'] as const;
export type SideName = (typeof SIDE_NAMES)[number];
