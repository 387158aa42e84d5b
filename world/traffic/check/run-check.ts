import { type ActorPool } from '../population/actor-pool';
import { type Finding, type Verdict, VerdictBuilder } from '../oracle/verdict';
import { OperationContext, type OperationTools } from '../operations/context';
import { type CheckSettings, checkFacts } from './check-actor';
import { checkSamples, type SampleSettings } from './check-samples';
import { checkValues } from './check-values';
import { inParallel } from './parallel';
import { Reachability } from './reachability';

export interface CheckOptions {
  readonly pool: ActorPool;
  /** Its requests do not count as traffic. */
  readonly tools: OperationTools;
  readonly settings: Omit<CheckSettings, 'reach'>;
  readonly samples: SampleSettings;
  /** Broken promises that operations met so far. They do not go away. */
  readonly witnessed: readonly Finding[];
  /** Actors at a time: the rest goes on with its traffic. */
  readonly actorsAtOnce: number;
  readonly progress?: (done: number, of: number) => void;
}

/** Asks the server about every promise made so far. The traffic may go on meanwhile. */
export async function runCheck(options: CheckOptions): Promise<Verdict> {
  const { pool, samples } = options;
  const settings = { ...options.settings, reach: new Reachability() };
  const startedAtMs = Date.now();
  const builder = new VerdictBuilder();
  for (const finding of options.witnessed) builder.add(finding);
  const witness = (finding: Finding): void => {
    builder.add(finding);
    options.tools.witness(finding);
  };
  const tools = { ...options.tools, witness };
  let done = 0;
  await inParallel(pool.actors, options.actorsAtOnce, async (actor) => {
    await pool.claim(actor, async () => {
      const context = new OperationContext('oracle_check', actor, tools);
      await checkFacts(context, builder, settings);
      if (!settings.reach.gaveUp) await checkSamples(context, builder, { ...samples, askAgainMs: settings.askAgainMs });
    });
    done += 1;
    options.progress?.(done, pool.actors.length);
  });
  await checkValues(tools, builder);
  return builder.build(startedAtMs, Date.now());
}
