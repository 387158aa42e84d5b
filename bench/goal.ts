/** What a figure has to be: told as met or missed, beside what it is. */
export interface Goal {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly atLeast?: boolean;
  readonly unit?: string;
}

export function goalLine({ what, value, limit, atLeast = false, unit = '' }: Goal): string {
  // What the machine's noise swallowed is no verdict.
  if (!Number.isFinite(value)) return `UNCLEAR ${what}: not to be told from noise; measure again on a quiet machine`;
  const isMet = atLeast ? value >= limit : value <= limit;
  return `${isMet ? 'met    ' : 'MISSED '} ${what}: ${value.toFixed(2)}${unit} (goal: at ${atLeast ? 'least' : 'most'} ${limit}${unit})`;
}
