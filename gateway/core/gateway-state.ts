import { z } from 'zod';

export const SIDES = ['blue', 'green'] as const;
export type Side = (typeof SIDES)[number];

const weight = z.int().min(0).max(1_000_000);

const gatewayState = z.strictObject({
  mode: z.literal('pass'),
  weights: z
    .strictObject({ blue: weight, green: weight })
    .refine((weights) => weights.blue + weights.green > 0, 'one side needs a weight above 0'),
});

/** What one epoch makes the gateway do: send each request to a side, in proportion to the weights. */
export interface GatewayState {
  readonly mode: 'pass';
  readonly weights: Readonly<Record<Side, number>>;
}

/** @throws ZodError */
export function parseGatewayState(value: unknown): GatewayState {
  return gatewayState.parse(value);
}

/** Everything to one side. */
export function allOf(side: Side): GatewayState {
  return { mode: 'pass', weights: { blue: side === 'blue' ? 1 : 0, green: side === 'green' ? 1 : 0 } };
}
