import { inspect } from 'node:util';
import { REDACTED } from './redaction';

/**
 * A resolved secret that does not print: JSON, string conversion and `util.inspect` all give `[redacted]`, so that a whole
 * config can be logged. The value is reachable through {@link reveal} alone, at the place that hands it to a driver.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    Object.freeze(this);
  }

  reveal(): string {
    return this.#value;
  }

  toJSON(): string {
    return REDACTED;
  }

  toString(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
