import { type RdsState } from '../model/records';
import { parseQuery } from '../protocol/query-parameters';
import { RdsError } from '../protocol/rds-error';
import { type Credentials } from '../protocol/verify-signature';
import { allows, readPolicy } from './policy';
import { accessQuestions } from './questions';

/** Somebody with access keys. */
export interface Principal {
  readonly credentials: Credentials;
  /** For messages. */
  readonly name: string;
  /** IAM policy; read at each request, so that it may be put there later. @default everything is allowed */
  readonly policyFile?: string;
}

const ACCOUNT = '000000000000';

/**
 * Refuses what the policy of a principal does not allow, in AWS's words. Before anything is looked at: whoever may not ask about a
 * resource is not told whether it exists.
 *
 * @throws RdsError AccessDenied
 */
export function authorize(
  principal: Principal,
  request: { readonly action: string; readonly body: string; readonly state: RdsState; readonly region: string },
): void {
  if (principal.policyFile === undefined) return;
  const policy = readPolicy(principal.policyFile);
  const questions = accessQuestions(request.action, parseQuery(request.body), request.state, request.region);
  const refused = questions.find((question) => !allows(policy, question));
  if (refused === undefined) return;
  throw new RdsError(
    'AccessDenied',
    `User: arn:aws:iam::${ACCOUNT}:user/${principal.name} is not authorized to perform: ${refused.action} on resource: ${refused.resource} because no identity-based policy allows the ${refused.action} action`,
  );
}
