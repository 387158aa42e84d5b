import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { rdsClient } from '../../../world/up';
import { type UpgradeWorld } from '../upgrade-world';

/** Everything that a cutover could leave, by name; compared before and after a run that was undone. */
export async function traces(upgrade: UpgradeWorld): Promise<readonly string[]> {
  const rows = await upgrade.onBlue<{ readonly kind: string; readonly name: string }>(`
    SELECT 'schema' AS kind, nspname::text AS name FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
    UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'relation', oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'right', format('%s on %s of %s', a.privilege_type, c.oid::regclass, a.grantee::regrole)
      FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner
    UNION ALL SELECT 'role', rolname FROM pg_roles
    ORDER BY 1, 2`);
  return [...rows.map(({ kind, name }) => `${kind} ${name}`), ...(await resources(upgrade))];
}

async function resources({ world }: UpgradeWorld): Promise<string[]> {
  const client = rdsClient(world.info.rds);
  try {
    const { DBInstances } = await client.send(new DescribeDBInstancesCommand({}));
    const { DBSnapshots } = await client.send(new DescribeDBSnapshotsCommand({}));
    return [
      ...(DBInstances ?? []).map(({ DBInstanceIdentifier }) => `instance ${DBInstanceIdentifier}`),
      ...(DBSnapshots ?? []).map(({ DBSnapshotIdentifier }) => `snapshot ${DBSnapshotIdentifier}`),
    ];
  } finally {
    client.destroy();
  }
}

/** What stands in one list alone. */
export function difference(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...before.filter((name) => !after.includes(name)).map((name) => `gone: ${name}`),
    ...after.filter((name) => !before.includes(name)).map((name) => `left: ${name}`),
  ];
}
