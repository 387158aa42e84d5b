import { type QueryParameters } from './query-parameters';
import { RdsError } from './rds-error';

/** Readers for single values, with AWS's refusals. All of them are pure. */

export function requiredText(parameters: QueryParameters, name: string): string {
  const value = parameters.text(name);
  if (value === undefined) {
    throw new RdsError('MissingParameter', `The request must contain the parameter ${name}.`);
  }
  return value;
}

export function optionalBoolean(parameters: QueryParameters, name: string): boolean | undefined {
  const value = parameters.text(name)?.toLowerCase();
  if (value === undefined) return undefined;
  if (value !== 'true' && value !== 'false') throw invalid(`${name} must be true or false.`);
  return value === 'true';
}

export function optionalInteger(
  parameters: QueryParameters,
  name: string,
  range: { readonly min: number; readonly max: number },
): number | undefined {
  const value = parameters.text(name);
  if (value === undefined) return undefined;
  const number = /^-?\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(number) || number < range.min || number > range.max) {
    throw invalid(`Invalid value for ${name}: it must be an integer between ${range.min} and ${range.max}.`);
  }
  return number;
}

export function optionalMatching(
  parameters: QueryParameters,
  name: string,
  pattern: RegExp,
  rule: string,
): string | undefined {
  const value = parameters.text(name);
  if (value !== undefined && !pattern.test(value))
    throw invalid(`The parameter ${name} is not valid: it must be ${rule}.`);
  return value;
}

/**
 * A name that the caller chooses. Lower case in everything AWS answers.
 * @param maxLength 63 for instances, 255 for snapshots
 */
export function newIdentifier(parameters: QueryParameters, name: string, maxLength: number): string {
  return checkIdentifier(requiredText(parameters, name), name, maxLength);
}

export function checkIdentifier(value: string, name: string, maxLength: number): string {
  if (value.length > maxLength || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/i.test(value)) {
    throw invalid(
      `The parameter ${name} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; must not end with a hyphen or contain two consecutive hyphens; and have at most ${maxLength} characters.`,
    );
  }
  return value.toLowerCase();
}

/** A name of something that should exist, plain or as an ARN of the given kind. */
export function existingIdentifier(value: string, kind: 'db' | 'snapshot'): string {
  const arn = /^arn:aws:rds:[a-z0-9-]+:\d{12}:(db|snapshot):(.+)$/.exec(value);
  if (arn === null) return value.toLowerCase();
  if (arn[1] !== kind) throw invalid(`The ARN names a ${arn[1] ?? ''}, a ${kind} is expected.`);
  return (arn[2] ?? '').toLowerCase();
}

export function invalid(message: string): RdsError {
  return new RdsError('InvalidParameterValue', message);
}
