import { OPERATIONS, type OperationName } from './operations/catalogue';
import { OperationContext, type OperationTools } from './operations/context';
import { type Actor } from './population/actor';

const FEW_CHAINS = 2;

/**
 * Does one thing with one actor and records how it went. What cannot be done now is replaced by something that can, so that
 * the rate stays what it should be.
 *
 * @param fromMs when the schedule wanted it, in milliseconds of `performance.now()`, without this process's own lateness
 */
export async function runOperation(
  name: OperationName,
  actor: Actor,
  tools: OperationTools,
  fromMs: number,
): Promise<void> {
  const substitute: OperationName = actor.chains.length < FEW_CHAINS ? 'new_grant' : 'introspect';
  for (const tried of [name, substitute]) {
    const result = await OPERATIONS[tried].run(new OperationContext(tried, actor, tools));
    if (result === 'nothing') continue;
    tools.recorder.operation(tried, performance.now() - fromMs, result);
    return;
  }
}
