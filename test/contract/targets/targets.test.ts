import { type Client } from 'pg';
import { CutoverFault } from '../../../domain/faults';
import { initialTargetRecord } from '../../../domain/target';
import { startPolicyService } from '../../../world/policy-service/start';
import { startResourceApi } from '../../../world/resource-api/start';
import { FakeTarget } from '../../integration/activities/switchover-parties';
import { databaseUrl } from '../../integration/world/resource-api/flipped-systems';
import { useDatabase } from '../../support/database';
import { createEtcd, type TestEtcd } from '../../support/etcd';
import { carelessPostgresSystem, etcdSystem, fileSystem, postgresSystem } from './foreign-systems';
import { carelessHttpSystem, dependentSystem, gatewaySystem } from './http-systems';
import { carelessTargetContract, targetPortContract, type SystemUnderTest } from './target-port.contract';

targetPortContract('http, the resource API of the world', () => dependentSystem(startResourceApi));

describe('with a database', () => {
  const database = useDatabase('empty');
  let client: Client;
  beforeAll(async () => void (client = await database.connect()));

  targetPortContract('http, the policy service of the world', () =>
    dependentSystem(startPolicyService, { POLICY_DATABASE_URL: databaseUrl(database) }),
  );
  targetPortContract('postgres', () => postgresSystem(database, client));
  carelessTargetContract('postgres, with a trigger on the table', () => carelessPostgresSystem(database, client));
});

carelessTargetContract('http', carelessHttpSystem);
targetPortContract('the gateway', gatewaySystem);
targetPortContract('file, with a reload command', fileSystem);

describe('with a real etcd', () => {
  let etcd: TestEtcd;
  beforeAll(async () => {
    etcd = await createEtcd();
    await etcd.start();
  });
  afterAll(() => etcd.dispose());

  targetPortContract('etcd', () => etcdSystem(etcd));
});

/** What tests of the switchover use instead of a system. */
function fakeSystem(): Promise<SystemUnderTest> {
  let isBroken = false;
  const before = () => {
    if (isBroken) throw new CutoverFault('TARGET_UNREACHABLE', 'away');
  };
  const fake = new FakeTarget('fake', () => undefined, { before });
  const nothing = () => Promise.resolve();
  return Promise.resolve({
    connect: () => fake,
    serves: async () => fake.record.applied.state,
    restart: nothing,
    breakStaging: async () => void (isBroken = true),
    mend: async () => void (isBroken = false),
    fallBack: async () => void (fake.record = initialTargetRecord('blue')),
    close: nothing,
  });
}

targetPortContract('the fake target', fakeSystem);
