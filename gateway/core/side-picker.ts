import { type GatewayState, type Side } from './gateway-state';

/**
 * Spreads requests over the sides in proportion to their weights, evenly and without chance: with 3:1 every fourth request
 * goes to the lighter side, so small samples are exact too.
 */
export class SidePicker {
  private credit = 0;

  pick(weights: GatewayState['weights']): Side {
    if (weights.green === 0) return 'blue';
    if (weights.blue === 0) return 'green';
    const total = weights.blue + weights.green;
    this.credit += weights.green;
    if (this.credit * 2 < total) return 'blue';
    this.credit -= total;
    return 'green';
  }
}
