import { changesAfterRestore, deviations, missingTags, planInstance } from '../../../domain/instance-plan';
import { type DatabaseInstance, type DatabaseSettings } from '../../../domain/ports/database-provider';

const SETTINGS: DatabaseSettings = {
  instanceClass: 'db.r6g.large',
  allocatedStorageGib: 100,
  storageType: 'gp3',
  iops: 3_000,
  storageThroughput: 125,
  multiAz: true,
  publiclyAccessible: false,
  port: 5432,
  autoMinorVersionUpgrade: false,
  parameterGroup: 'tuned',
  optionGroup: 'default:postgres-15',
  subnetGroup: 'private',
  securityGroups: ['sg-1', 'sg-2'],
  backupRetentionDays: 7,
  backupWindow: '01:00-01:30',
  maintenanceWindow: 'sun:04:00-sun:04:30',
  deletionProtection: true,
  copyTagsToSnapshot: true,
  monitoringSeconds: 30,
  monitoringRoleArn: 'arn:aws:iam::123456789012:role/m',
  performanceInsights: true,
  performanceInsightsRetentionDays: 7,
  logExports: ['postgresql'],
  iamAuthentication: true,
  caCertificate: 'rds-ca-rsa2048-g1',
  storageEncrypted: true,
  kmsKey: 'key-1',
};

function instance(settings: Partial<DatabaseSettings> = {}, changes: Partial<DatabaseInstance> = {}): DatabaseInstance {
  return {
    instanceId: 'blue',
    arn: 'arn',
    status: 'available',
    engineVersion: '15.10',
    settings: { ...SETTINGS, ...settings },
    tags: { team: 'login', 'aws:cloudformation:stack-name': 's', 'hydra-cutover:cutover-id': 'an-earlier-one' },
    hasPendingChanges: false,
    ...changes,
  };
}

describe('the plan of an instance', () => {
  it('restores with what a restore takes, unprotected, and with the tags that may be set', () => {
    const { restore, tags } = planInstance(instance());
    expect(restore).toMatchObject({ multiAz: true, parameterGroup: 'tuned', port: 5432, deletionProtection: false });
    for (const name of ['maintenanceWindow', 'monitoringSeconds', 'performanceInsights', 'kmsKey']) {
      expect(restore).not.toHaveProperty(name);
    }
    expect(tags).toEqual({ team: 'login' });
  });

  it.each([
    ['small gp3, whose figures are fixed', {}, false],
    ['gp3 that is large enough to have figures of its own', { allocatedStorageGib: 400, iops: 12_000 }, true],
    ['io2', { storageType: 'io2', iops: 5_000 }, true],
    ['gp2', { storageType: 'gp2' }, false],
  ])('names IOPS for %s only if RDS takes them', (_case, settings, named) => {
    expect('iops' in planInstance(instance(settings)).restore).toBe(named);
  });

  it('changes afterwards exactly what the restored one lacks, and never what comes with the data', () => {
    const plan = planInstance(instance());
    const restored = instance({
      deletionProtection: false,
      monitoringSeconds: 0,
      monitoringRoleArn: undefined as never,
      performanceInsights: false,
      performanceInsightsRetentionDays: undefined as never,
      maintenanceWindow: 'Sun:04:00-Sun:04:30',
      securityGroups: ['sg-2', 'sg-1'],
      kmsKey: 'key-2',
    });
    expect(changesAfterRestore(plan, restored)).toEqual({
      monitoringSeconds: 30,
      monitoringRoleArn: 'arn:aws:iam::123456789012:role/m',
      performanceInsights: true,
      performanceInsightsRetentionDays: 7,
    });
  });

  it('finds everything in which green is not as planned, tags too', () => {
    const green = instance({ multiAz: false, deletionProtection: true, kmsKey: 'key-2', iops: 9 }, { tags: {} });
    expect(deviations(planInstance(instance()), green)).toEqual([
      'multiAz is false, not true',
      'deletionProtection is true, not false',
      'kmsKey is key-2, not key-1',
      'tag team is missing or has another value',
    ]);
    expect(missingTags(planInstance(instance()), green)).toEqual({ team: 'login' });
  });

  it('tells what will differ and why: by the config, until finalize, by a reboot, and what is never copied', () => {
    const blue = instance({}, { parameterStatus: 'pending-reboot', notCopied: ['read replica blue-2'] });
    const { differences } = planInstance(blue, {
      settings: { instanceClass: 'db.r6g.xlarge' },
      tags: { team: 'sso' },
      leaveToRds: ['caCertificate'],
    });
    expect(differences.map(({ what, blue: from, green: to, why }) => `${what}: ${from} > ${to} (${why})`)).toEqual([
      'instanceClass: db.r6g.large > db.r6g.xlarge (green.instance.instanceClass)',
      'caCertificate: rds-ca-rsa2048-g1 > as RDS makes it (green.instance.leaveToRds)',
      'deletionProtection: true > false (until finalize: an undo removes green)',
      'parameters that wait for a reboot of blue: not in force > in force (green starts with its parameter group)',
      'tag team: login > sso (green.instance.tags)',
      'read replica blue-2: there > none (RDS does not copy it: make one for green where it is needed, before the switchover)',
    ]);
    expect(planInstance(instance({ deletionProtection: false })).differences).toEqual([]);
  });

  it('neither gives nor compares what is left to RDS', () => {
    const plan = planInstance(instance(), { leaveToRds: ['port'] });
    expect(plan.restore).not.toHaveProperty('port');
    expect(deviations(plan, instance({ port: 6_000, deletionProtection: false }, { tags: { team: 'login' } }))).toEqual(
      [],
    );
  });

  it.each([
    [{ allocatedStorageGib: 50 }, 'RDS never makes storage smaller'],
    [{ iops: 5_000 }, 'iops cannot be set for gp3 of 100 GiB'],
    [{ storageType: 'io1', iops: undefined as never, allocatedStorageGib: 500 }, undefined],
    [{ storageType: 'gp3', allocatedStorageGib: 500, storageThroughput: 600 }, undefined],
    [{ performanceInsights: false, performanceInsightsRetentionDays: 31 }, 'needs performanceInsights'],
  ])('says why %j cannot be made', (settings, reason) => {
    const { problems } = planInstance(instance(), { settings });
    if (reason === undefined) expect(problems).toEqual([]);
    else expect(problems.join()).toContain(reason);
  });

  it('wants a role where monitoring is switched on', () => {
    const blue = instance({ monitoringSeconds: 0, monitoringRoleArn: undefined as never });
    const { problems } = planInstance(blue, { settings: { monitoringSeconds: 60 } });
    expect(problems).toEqual(['monitoringSeconds needs monitoringRoleArn']);
  });
});
