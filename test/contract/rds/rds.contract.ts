import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AddTagsToResourceCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  ListTagsForResourceCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
  RebootDBInstanceCommand,
  RemoveTagsFromResourceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';

/** What every RDS endpoint must do, in this order: later cases use what earlier ones made. */
export interface RdsContractCase {
  readonly name: string;
  readonly run: (client: RDSClient) => Promise<void>;
}

const WAIT_MS = 120_000;
const BLUE = 'contract-blue';
const GREEN = 'contract-green';
const SNAPSHOT = 'contract-snapshot';
const INSTANCE = {
  DBInstanceIdentifier: BLUE,
  DBInstanceClass: 'db.t4g.medium',
  Engine: 'postgres',
  MasterUsername: 'master',
  MasterUserPassword: 'contract-password',
  DBName: 'hydra',
  AllocatedStorage: 20,
  BackupRetentionPeriod: 0,
  Tags: [{ Key: 'purpose', Value: 'contract <test> & more' }],
};

export const RDS_CONTRACT: readonly RdsContractCase[] = [
  {
    name: 'an instance that does not exist is not found',
    run: (client) =>
      refused('DBInstanceNotFoundFault', client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: BLUE }))),
  },
  {
    name: 'a tag with characters AWS does not allow is refused',
    run: (client) =>
      refused(
        'InvalidParameterValue',
        client.send(new CreateDBInstanceCommand({ ...INSTANCE, DBInstanceIdentifier: 'contract-tag' })),
      ),
  },
  {
    name: 'an unknown engine is refused',
    run: (client) =>
      refused(
        'InvalidParameterValue',
        client.send(
          new CreateDBInstanceCommand({ ...created(), DBInstanceIdentifier: 'contract-engine', Engine: 'oracle-lite' }),
        ),
      ),
  },
  {
    name: 'an identifier with two hyphens is refused',
    run: (client) =>
      refused(
        'InvalidParameterValue',
        client.send(new CreateDBInstanceCommand({ ...created(), DBInstanceIdentifier: 'two--hyphens' })),
      ),
  },
  {
    name: 'a new instance becomes available with an endpoint and what it was given',
    run: async (client) => {
      await client.send(new CreateDBInstanceCommand(created()));
      const instance = await instanceThat(client, BLUE, isAvailable);
      assert.equal(instance.MasterUsername, 'master');
      assert.equal(instance.DBName, 'hydra');
      assert.equal(instance.Engine, 'postgres');
      assert.equal(instance.AllocatedStorage, 20);
      assert.equal(instance.DBInstanceClass, 'db.t4g.medium');
      assert.ok(instance.Endpoint?.Address);
      assert.ok(instance.Endpoint.Port);
      assert.match(instance.DBInstanceArn ?? '', /^arn:aws:rds:us-east-1:\d{12}:db:contract-blue$/);
      assert.deepEqual(instance.TagList, [{ Key: 'purpose', Value: 'contract' }]);
    },
  },
  {
    name: 'a second instance of the same name is refused',
    run: (client) => refused('DBInstanceAlreadyExistsFault', client.send(new CreateDBInstanceCommand(created()))),
  },
  {
    name: 'instances are found by filter',
    run: async (client) => {
      const byName = (value: string) =>
        client.send(new DescribeDBInstancesCommand({ Filters: [{ Name: 'db-instance-id', Values: [value] }] }));
      assert.equal((await byName(BLUE)).DBInstances?.length, 1);
      assert.equal((await byName('nobody')).DBInstances?.length, 0);
    },
  },
  {
    name: 'a page size below the minimum is refused',
    run: (client) => refused('InvalidParameterValue', client.send(new DescribeDBInstancesCommand({ MaxRecords: 5 }))),
  },
  {
    name: 'tags are added, replaced, listed and removed',
    run: async (client) => {
      const ResourceName = (await instanceThat(client, BLUE, isAvailable)).DBInstanceArn;
      const Tags = [
        { Key: 'purpose', Value: 'other' },
        { Key: 'hydra-cutover:cutover-id', Value: 'c-1' },
      ];
      await client.send(new AddTagsToResourceCommand({ ResourceName, Tags }));
      const listed = await client.send(new ListTagsForResourceCommand({ ResourceName }));
      assert.deepEqual(sorted(listed.TagList), sorted(Tags));
      await client.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ['purpose', 'never-there'] }));
      const left = await client.send(new ListTagsForResourceCommand({ ResourceName }));
      assert.deepEqual(left.TagList, Tags.slice(1));
    },
  },
  {
    name: 'a snapshot of an instance that does not exist is refused',
    run: (client) =>
      refused(
        'DBInstanceNotFoundFault',
        client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'nobody', DBSnapshotIdentifier: 'x' })),
      ),
  },
  {
    name: 'a snapshot becomes available and names its instance',
    run: async (client) => {
      const Tags = [{ Key: 'hydra-cutover:cutover-id', Value: 'c-1' }];
      await whenTaken(() =>
        client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: BLUE, DBSnapshotIdentifier: SNAPSHOT, Tags })),
      );
      const snapshot = await until('the snapshot', async () => {
        const answer = await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: SNAPSHOT }));
        return answer.DBSnapshots?.find((entry) => entry.Status === 'available');
      });
      assert.equal(snapshot.DBInstanceIdentifier, BLUE);
      assert.equal(snapshot.SnapshotType, 'manual');
      assert.equal(snapshot.MasterUsername, 'master');
      assert.deepEqual(snapshot.TagList, Tags);
      await instanceThat(client, BLUE, isAvailable);
    },
  },
  {
    name: 'a complete snapshot is at 100 percent',
    run: async (client) => {
      const answer = await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: SNAPSHOT }));
      assert.equal(answer.DBSnapshots?.[0]?.PercentProgress, 100);
    },
  },
  {
    name: 'snapshots are listed by instance',
    run: async (client) => {
      const answer = await client.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: BLUE }));
      assert.deepEqual(
        answer.DBSnapshots?.map((snapshot) => snapshot.DBSnapshotIdentifier).filter((id) => !id?.startsWith('rds:')),
        [SNAPSHOT],
      );
    },
  },
  {
    name: 'snapshots are listed by type',
    run: async (client) => {
      const list = async (SnapshotType: string) =>
        (await client.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: BLUE, SnapshotType }))).DBSnapshots;
      assert.equal((await list('manual'))?.length, 1);
      assert.equal((await list('automated'))?.length, 0);
    },
  },
  {
    name: 'a second snapshot of the same name is refused',
    run: (client) =>
      refused(
        'DBSnapshotAlreadyExistsFault',
        client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: BLUE, DBSnapshotIdentifier: SNAPSHOT })),
      ),
  },
  {
    name: 'a snapshot that does not exist is not found',
    run: async (client) => {
      const id = { DBSnapshotIdentifier: 'nothing' };
      await refused('DBSnapshotNotFoundFault', client.send(new DescribeDBSnapshotsCommand(id)));
      await refused('DBSnapshotNotFoundFault', client.send(new DeleteDBSnapshotCommand(id)));
      await refused(
        'DBSnapshotNotFoundFault',
        client.send(new RestoreDBInstanceFromDBSnapshotCommand({ ...id, DBInstanceIdentifier: GREEN })),
      );
    },
  },
  {
    name: 'a restore onto an existing name is refused',
    run: (client) =>
      refused(
        'DBInstanceAlreadyExistsFault',
        client.send(
          new RestoreDBInstanceFromDBSnapshotCommand({ DBInstanceIdentifier: BLUE, DBSnapshotIdentifier: SNAPSHOT }),
        ),
      ),
  },
  {
    name: 'a restored instance has the class, storage and user of the original, and its own tags',
    run: async (client) => {
      await client.send(
        new RestoreDBInstanceFromDBSnapshotCommand({
          DBInstanceIdentifier: GREEN,
          DBSnapshotIdentifier: SNAPSHOT,
          Tags: [{ Key: 'side', Value: 'green' }],
        }),
      );
      const instance = await instanceThat(client, GREEN, isAvailable);
      assert.equal(instance.DBInstanceClass, 'db.t4g.medium');
      assert.equal(instance.AllocatedStorage, 20);
      assert.equal(instance.MasterUsername, 'master');
      assert.deepEqual(instance.TagList, [{ Key: 'side', Value: 'green' }]);
    },
  },
  {
    name: 'a change of class is made when it is to be applied immediately',
    run: async (client) => {
      const DBInstanceClass = 'db.t4g.large';
      const change = { DBInstanceIdentifier: GREEN, DBInstanceClass, ApplyImmediately: true };
      await whenTaken(() => client.send(new ModifyDBInstanceCommand(change)));
      await instanceThat(client, GREEN, (entry) => isAvailable(entry) && entry.DBInstanceClass === DBInstanceClass);
    },
  },
  {
    name: 'a rebooted instance is available again',
    run: async (client) => {
      await whenTaken(() => client.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: GREEN })));
      await instanceThat(client, GREEN, isAvailable);
    },
  },
  {
    name: 'a change of class waits when it is not to be applied immediately',
    run: async (client) => {
      const change = { DBInstanceIdentifier: GREEN, DBInstanceClass: 'db.t4g.small' };
      await whenTaken(() => client.send(new ModifyDBInstanceCommand(change)));
      const instance = await instanceThat(client, GREEN, isAvailable);
      assert.equal(instance.DBInstanceClass, 'db.t4g.large');
      assert.equal(instance.PendingModifiedValues?.DBInstanceClass, 'db.t4g.small');
    },
  },
  {
    name: 'an instance with deletion protection is not deleted, and is without it',
    run: async (client) => {
      const DBInstanceIdentifier = GREEN;
      const protect = (DeletionProtection: boolean) =>
        whenTaken(() => client.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, DeletionProtection })));
      await protect(true);
      const deletion = new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true });
      await instanceThat(client, GREEN, isAvailable);
      await refused('InvalidParameterCombination', client.send(deletion));
      await protect(false);
      await instanceThat(client, GREEN, isAvailable);
      await whenTaken(() => client.send(deletion));
      await gone(client, GREEN);
    },
  },
  {
    name: 'a deletion that says nothing of a final snapshot is refused',
    run: (client) =>
      refused(
        'InvalidParameterCombination',
        client.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: 'nobody' })),
      ),
  },
  {
    name: 'a deleted instance leaves its final snapshot',
    run: async (client) => {
      const FinalDBSnapshotIdentifier = 'contract-final';
      const deletion = new DeleteDBInstanceCommand({ DBInstanceIdentifier: BLUE, FinalDBSnapshotIdentifier });
      await whenTaken(() => client.send(deletion));
      await gone(client, BLUE);
      const answer = await client.send(
        new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: FinalDBSnapshotIdentifier }),
      );
      assert.equal(answer.DBSnapshots?.[0]?.Status, 'available');
    },
  },
  {
    name: 'a deleted snapshot is gone',
    run: async (client) => {
      for (const DBSnapshotIdentifier of [SNAPSHOT, 'contract-final']) {
        await client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
        await refused('DBSnapshotNotFoundFault', client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier })));
      }
    },
  },
];

/** Declares the contract as tests. @param client of an endpoint that has none of the contract's names yet */
export function describeRdsContract(client: () => RDSClient): void {
  for (const { name, run } of RDS_CONTRACT) it(name, () => run(client()));
}

function created() {
  return { ...INSTANCE, Tags: [{ Key: 'purpose', Value: 'contract' }] };
}

function isAvailable(instance: DBInstance): boolean {
  return instance.DBInstanceStatus === 'available';
}

async function refused(name: string, answer: Promise<unknown>): Promise<void> {
  await assert.rejects(answer, (error: unknown) => {
    assert.equal(error instanceof Error ? error.name : String(error), name);
    return true;
  });
}

/**
 * An instance is `available` for a moment between two pieces of work (after a reboot what had waited for one is applied), so
 * that what was seen a moment ago does not say what it takes now. The request is made until it is taken.
 */
async function whenTaken(request: () => Promise<unknown>): Promise<void> {
  await until('the instance to take a request', () =>
    request().then(
      () => true,
      (error: Error) => (error.name === 'InvalidDBInstanceStateFault' ? undefined : Promise.reject(error)),
    ),
  );
}

async function instanceThat(
  client: RDSClient,
  id: string,
  fits: (instance: DBInstance) => boolean,
): Promise<DBInstance> {
  return until(`instance ${id}`, async () => {
    const answer = await client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
    return answer.DBInstances?.find(fits);
  });
}

async function gone(client: RDSClient, id: string): Promise<void> {
  await until(`instance ${id} to be gone`, () =>
    client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id })).then(
      () => undefined,
      (error: Error) => (error.name === 'DBInstanceNotFoundFault' ? true : Promise.reject(error)),
    ),
  );
}

async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(Date.now() < deadline, `waited ${WAIT_MS} ms for ${what}`);
    await sleep(50);
  }
}

function sorted(tags: readonly { Key?: string }[] | undefined) {
  return [...(tags ?? [])].sort((a, b) => ((a.Key ?? '') < (b.Key ?? '') ? -1 : 1));
}
