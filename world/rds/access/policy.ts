import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** What is asked for: an action on one resource, with what IAM's conditions may look at. */
export interface AccessQuestion {
  /** For example `rds:DeleteDBInstance`. */
  readonly action: string;
  readonly resource: string;
  /** For example `aws:ResourceTag/KEY`. */
  readonly context: Readonly<Record<string, string>>;
}

const list = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

const policySchema = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string().optional(),
      Effect: z.literal('Allow'),
      Action: list,
      Resource: list,
      Condition: z.record(z.string(), z.record(z.string(), z.string())).optional(),
    }),
  ),
});

/** An IAM policy, as far as the tool's own needs it: only what it allows is allowed. */
export type Policy = z.infer<typeof policySchema>;

/** @returns the policy in a file; one that allows nothing when there is none that can be read, as IAM does */
export function readPolicy(file: string): Policy {
  const nothing: Policy = { Version: '2012-10-17', Statement: [] };
  try {
    const parsed = policySchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : nothing;
  } catch {
    return nothing;
  }
}

/**
 * Whether a statement of the policy allows it. A condition of a kind that is not known here never holds.
 * Source: AWS IAM User Guide, "Policy evaluation logic", "IAM JSON policy elements: Condition operators".
 */
export function allows(policy: Policy, question: AccessQuestion): boolean {
  return policy.Statement.some(
    ({ Action, Resource, Condition }) =>
      Action.some((pattern) => matches(pattern.toLowerCase(), question.action.toLowerCase())) &&
      Resource.some((pattern) => matches(pattern, question.resource)) &&
      Object.entries(Condition ?? {}).every(([operator, wanted]) =>
        Object.entries(wanted).every(([key, value]) => holds(operator, question.context[key], value)),
      ),
  );
}

function holds(operator: string, observed: string | undefined, wanted: string): boolean {
  switch (operator) {
    case 'Null':
      return (observed === undefined) === (wanted === 'true');
    case 'StringEquals':
      return observed === wanted;
    case 'StringLike':
      return observed !== undefined && matches(wanted, observed);
    default:
      return false;
  }
}

/** `*` and `?` as in IAM. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}
