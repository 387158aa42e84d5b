import { type KnownMember } from '../../domain/known-gateways';
import { type SqlClient, queryRows } from '../../domain/ports/sql-client';
import { type SideName } from '../../domain/sides';
import {
  ARCHIVE_SCHEMA,
  type ArbiterDescription,
  describeArbiter,
  describeOrigin,
  type OriginDescription,
  readArbiter,
  readMembers,
  readOutcome,
} from '../arbiter';
import { assertSchemaVersion } from '../arbiter/schema-version';
import { assertNoneForeign } from '../ours';
import { changeLogSize, type ChangeLogSize } from '../capture';

/** What of ours one database shows. Names, counts and times; no rows of Hydra. */
export interface SideTraces {
  /** That database's clock, ISO-8601 with offset. */
  readonly readAt: string;
  /** Names that are ours, and who owns them. */
  readonly schemas: readonly { readonly name: string; readonly owner: string }[];
  /** Of Hydra's tables. */
  readonly triggers: number;
  /** Of the whole server. */
  readonly roles: readonly string[];
  /** null also where our role may not look into the schema. */
  readonly arbiter: ArbiterDescription | null;
  readonly origin: OriginDescription | null;
  /** Writes that a guard refused. */
  readonly refused: number | null;
  readonly changeLog: ChangeLogSize | null;
  /** Gateways that may forward to this side; null where nobody can be a member, as on a target. */
  readonly members: readonly KnownMember[] | null;
  /** The source's own word that everybody was seen on the target, and that the target's arbiter is gone or going. */
  readonly finalized: boolean;
}

type Told = Pick<SideTraces, 'arbiter' | 'origin' | 'refused' | 'changeLog' | 'members' | 'finalized'>;

/**
 * Reads everything of ours in one database, whatever is missing. Changes nothing, and decides nothing: who decides claims.
 *
 * @param source the side whose arbiter has members
 */
export async function readTraces(client: SqlClient, source: SideName): Promise<SideTraces> {
  const [seen] = await queryRows<
    Pick<SideTraces, 'readAt' | 'schemas' | 'triggers' | 'roles'> & {
      readonly usable: boolean;
      readonly tells: boolean;
      readonly log: boolean;
      readonly membership: boolean;
    }
  >(
    client,
    `SELECT to_jsonb(clock_timestamp()) #>> '{}' AS "readAt",
            COALESCE((SELECT jsonb_agg(jsonb_build_object('name', nspname, 'owner', pg_get_userbyid(nspowner)) ORDER BY nspname)
                        FROM pg_namespace WHERE nspname LIKE 'hydra\\_cutover%'), '[]') AS schemas,
            (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'hydra\\_cutover%' AND NOT tgisinternal)::float8 AS triggers,
            COALESCE((SELECT jsonb_agg(rolname ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'hydra\\_cutover%'), '[]') AS roles,
            COALESCE((SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = 'hydra_cutover'), false) AS usable,
            EXISTS (SELECT 1 FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                     WHERE n.nspname = 'hydra_cutover_asks' AND p.proname = 'traces'
                       AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')) AS tells,
            EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = 'hydra_cutover' AND c.relname = 'change_log') AS log,
            EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                     WHERE n.nspname = 'hydra_cutover' AND c.relname = 'member') AS membership`,
  );
  if (seen === undefined) throw new Error('a query without FROM gave no row');
  const { usable, tells, log, membership, ...found } = seen;
  if (!usable && tells) return { ...found, ...(await askTraces(client, source)) };
  const arbiter = usable ? ((await describeArbiter(client)) ?? null) : null;
  return {
    ...found,
    arbiter,
    origin: usable ? ((await describeOrigin(client)) ?? null) : null,
    refused: arbiter === null ? null : (await readArbiter(client)).refused,
    changeLog: usable && log ? await changeLogSize(client) : null,
    members: arbiter?.side === source && membership ? await readMembers(client) : null,
    finalized: arbiter !== null && (await readOutcome(client)).finalized,
  };
}

/** As a role that may only look: see traces.sql. */
async function askTraces(client: SqlClient, source: SideName): Promise<Told> {
  await assertNoneForeign(client, ['hydra_cutover_asks']);
  const [row] = await queryRows<{ told: Partial<Told> }>(client, 'SELECT hydra_cutover_asks.traces() AS told');
  const arbiter = row?.told.arbiter ?? null;
  if (arbiter !== null) assertSchemaVersion(arbiter);
  const { origin = null, changeLog = null, refused = null, members = null, finalized = false } = row?.told ?? {};
  return { arbiter, origin, changeLog, refused, members: arbiter?.side === source ? members : null, finalized };
}

/** What has to go before the next cutover: not the archive, which finalize keeps for people. */
export function leftoversOf({ schemas, triggers }: SideTraces): {
  readonly schemas: readonly string[];
  readonly isAny: boolean;
} {
  const names = schemas.map(({ name }) => name).filter((name) => name !== ARCHIVE_SCHEMA);
  return { schemas: names, isAny: names.length > 0 || triggers > 0 };
}
