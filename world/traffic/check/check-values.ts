import { type OperationTools } from '../operations/context';
import { thumbprint } from '../http/signing-keys';
import { hashedId } from '../oracle/hashed-id';
import { type FindingName } from '../oracle/fact-kinds';
import { type VerdictBuilder } from '../oracle/verdict';

/** The issuer that discovery names, and the published keys, must be those that clients have cached. */
export async function checkValues(tools: OperationTools, builder: VerdictBuilder): Promise<void> {
  const startedAt = new Date().toISOString();
  const add = (name: FindingName, id: string): void =>
    builder.add({
      name,
      class: 'changed',
      id,
      cause: 'seen by a client',
      promisedAt: startedAt,
      observedAt: startedAt,
    });
  const issuer = await tools.keys.issuer();
  if (issuer === undefined) builder.countUnobserved('the issuer that discovery names');
  else if (tools.values.check('issuer', 'id token', issuer) !== undefined) add('issuer_changed', hashedId(issuer));
  const published = await tools.keys.fetch();
  if (published === undefined) return builder.countUnobserved('the published keys');
  for (const [keyId, seen] of tools.keys.used) {
    const key = published.get(keyId);
    if (key === undefined || thumbprint(key) !== seen) add('signing_key_changed', hashedId(keyId));
  }
}
