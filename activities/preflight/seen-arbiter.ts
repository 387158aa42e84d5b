import { type KnownMember } from '../../domain/known-gateways';
import { OUR_ROLES } from '../../domain/our-roles';
import { type SessionOptions } from '../../domain/ports/databases';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type ArbiterDescription, type OriginDescription } from '../../hydra/arbiter';
import { readTraces } from '../../hydra/traces';
import { type StepDeps } from '../step';
import { type Keeper } from './check-server';
import { type SideName } from '../../domain/sides';

/** What is on the left side of an arbiter, as far as whoever looks may see it. */
export interface SeenArbiter {
  /** Undefined: there is none of that name. */
  readonly schema: { readonly owner: string } | undefined;
  readonly arbiter: ArbiterDescription | undefined;
  readonly origin: OriginDescription | undefined;
  /** Null: nobody can be a member. */
  readonly members: readonly KnownMember[] | null;
}

/** Changes nothing. @param left a session of whoever looks */
export async function seeArbiter(
  { databases, settings, direction: { from } }: StepDeps,
  left: SqlClient,
  keeper: Keeper,
  options: SessionOptions,
): Promise<SeenArbiter> {
  const seen = await readSeen(left, keeper, from);
  if (seen.schema === undefined || seen.arbiter !== undefined || settings.lookRoles?.[from] === undefined) return seen;
  // What was made by a cutover that did not come to let it, a role that only looks is not told.
  return databases.withSession(from, (own) => readSeen(own, keeper, from), options);
}

/** Looks into no schema that is somebody else's. */
async function readSeen(client: SqlClient, { user }: Keeper, side: SideName): Promise<SeenArbiter> {
  const [schema] = await queryRows<{ owner: string }>(
    client,
    `SELECT pg_get_userbyid(nspowner)::text AS owner FROM pg_namespace WHERE nspname = 'hydra_cutover'`,
  );
  const isOurs = schema !== undefined && [user, OUR_ROLES.owner].includes(schema.owner);
  if (!isOurs) return { schema, arbiter: undefined, origin: undefined, members: null };
  const { arbiter, origin, members } = await readTraces(client, side);
  return { schema, arbiter: arbiter ?? undefined, origin: origin ?? undefined, members };
}
