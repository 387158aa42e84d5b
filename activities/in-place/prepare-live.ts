import { type InPlacePath, IN_PLACE_PATHS } from '../../domain/in-place/paths';
import { type InPlaceSettings } from '../../domain/in-place/settings';
import { type DatabaseSession } from '../../domain/ports/databases';
import { actAlone } from '../../hydra/in-place/act-alone';
import { type CompatibilityPlace } from '../../hydra/in-place/compatibility';
import { type ActTools } from '../../hydra/in-place/run-acts';
import { type StepContext } from '../step';
import { type InPlaceDeps } from './deps';

export function pathOf({ from }: InPlaceSettings): InPlacePath {
  return IN_PLACE_PATHS[from];
}

export async function placeOf({ settings, databases }: InPlaceDeps): Promise<CompatibilityPlace> {
  const { schema, owner, oldRole } = settings;
  return { schema, owner, oldRole, database: (await databases.address('live')).database };
}

/** Runs `work` in a session on the live database. */
export function onLive<T>(
  deps: InPlaceDeps,
  { signal }: StepContext,
  work: (session: DatabaseSession) => Promise<T>,
): Promise<T> {
  return deps.databases.withSession('live', work, { signal, purpose: 'in place' });
}

/** Runs `work` in a session on the live database, and no other session of ours changes anything there until it ends. */
export function onLiveAlone<T>(
  deps: InPlaceDeps,
  context: StepContext,
  work: (session: DatabaseSession) => Promise<T>,
): Promise<T> {
  return onLive(deps, context, async (session) => {
    await actAlone(session, context);
    return work(session);
  });
}

/** As {@link onLiveAlone}, with a second session: while one builds an index, the other sees how far it is. */
export function withActTools<T>(
  deps: InPlaceDeps,
  context: StepContext,
  work: (tools: ActTools) => Promise<T>,
): Promise<T> {
  const { schema, owner, migration } = deps.settings;
  return onLiveAlone(deps, context, (client) =>
    onLive(deps, context, (watcher) => {
      const watch: ActTools['watch'] = async (sql) => (await watcher.query(sql)).rows as never;
      return work({ client, watch, schema, owner, ...migration, signal: context.signal, heartbeat: context.heartbeat });
    }),
  );
}
