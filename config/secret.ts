import { inspect } from 'node:util';
import { CutoverFault } from '../domain/faults';
import { REDACTED } from './redaction';

/** What is kept in AWS Secrets Manager. */
export interface StoredReference {
  /** Name or ARN. */
  readonly secretId: string;
  /** Of a JSON text; without it: the whole. */
  readonly jsonKey?: string;
}

/** Encloses a reference in the text of a secret: no variable holds it, and files with it are refused. */
const MARK = '\0';
const MARKED = /\0(\{"secretId":[^\0]*\})\0/;

/** @returns what stands for a reference in a text that becomes a {@link Secret} */
export function markStored(reference: StoredReference): string {
  return `${MARK}${JSON.stringify(reference)}${MARK}`;
}

/**
 * A resolved secret that does not print: JSON, string conversion and `util.inspect` all give `[redacted]`, so that a whole
 * config can be logged. The value is reachable through {@link reveal} alone, at the place that hands it to a driver.
 */
export class Secret {
  /** Texts, and between two of them a reference: the odd ones. */
  readonly #parts: readonly string[];
  #value: string | undefined;

  /** @param text may hold marks of {@link markStored}; then it is of use only after {@link fill} */
  constructor(text: string) {
    this.#parts = text.split(MARKED);
    this.#value = this.#parts.length === 1 ? text : undefined;
    Object.freeze(this);
  }

  /** @throws CutoverFault SECRET_UNUSABLE when it is kept in AWS Secrets Manager and was not read */
  reveal(): string {
    if (this.#value !== undefined) return this.#value;
    const ids = this.references.map(({ secretId }) => secretId).join(', ');
    throw new CutoverFault('SECRET_UNUSABLE', `the secret ${ids} was not read; only the worker, plan and doctor do`);
  }

  /** What has to be read before it can be revealed. */
  get references(): readonly StoredReference[] {
    return this.#parts.filter((_part, index) => index % 2 === 1).map((part) => JSON.parse(part) as StoredReference);
  }

  /** Puts in what was read; also later, when it was rotated. @returns whether the secret is another one now */
  fill(valueOf: (reference: StoredReference) => string): boolean {
    const text = (part: string, index: number) =>
      index % 2 === 0 ? part : valueOf(JSON.parse(part) as StoredReference);
    const value = this.#parts.map(text).join('');
    const changed = value !== this.#value;
    this.#value = value;
    return changed;
  }

  /** Takes over what the same place of the config says now, where nothing of it is kept in a store. @returns whether it is another one */
  take(newer: Secret): boolean {
    if (this.#parts.length > 1 || newer.references.length > 0) return false;
    const value = newer.reveal();
    const changed = value !== this.#value;
    this.#value = value;
    return changed;
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
