import { z } from 'zod';
import { SETTING_NAMES } from '../../domain/instance-plan';
import { type SettingName } from '../../domain/ports/database-provider';
import { port, text } from '../fields';

const name = () => text().max(255);
const gib = () => z.int().min(5).max(65_536);
const arn = () =>
  z
    .string()
    .regex(/^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/)
    .meta({ allowed: 'the ARN of an IAM role' });

/** Tags of AWS and of ours are not the operator's to set. */
const tagKey = z
  .string()
  .min(1)
  .max(128)
  .regex(/^(?!aws:|hydra-cutover:)/i)
  .meta({ allowed: 'a tag key that begins neither with `aws:` nor with `hydra-cutover:`' });

/** Green's instance, where it is to be another than blue's. The names are those of `domain/ports/database-provider.ts`. */
export const instanceSection = z
  .strictObject({
    instanceClass: z
      .string()
      .regex(/^db\.[a-z0-9-]+\.[a-z0-9]+$/)
      .meta({ allowed: 'an instance class such as db.r6g.large' })
      .optional()
      .describe('Instance class.'),
    allocatedStorageGib: gib().optional().describe('Storage in GiB. Not less than blue has.'),
    maxAllocatedStorageGib: gib().optional().describe('Up to how many GiB the storage may grow by itself.'),
    storageType: z.enum(['gp2', 'gp3', 'io1', 'io2', 'standard']).optional().describe('Storage type.'),
    iops: z.int().min(1_000).max(256_000).optional().describe('Provisioned IOPS: io1, io2, and gp3 from 400 GiB on.'),
    storageThroughput: z.int().min(125).max(16_000).optional().describe('Throughput in MiB/s: gp3 from 400 GiB on.'),
    multiAz: z.boolean().optional().describe('Whether there is a standby in another zone.'),
    publiclyAccessible: z.boolean().optional().describe('Whether its name has a public address.'),
    port: port().optional().describe('Port.'),
    networkType: z.enum(['IPV4', 'DUAL']).optional().describe('Address family.'),
    autoMinorVersionUpgrade: z.boolean().optional().describe('Whether RDS upgrades minor versions by itself.'),
    parameterGroup: name().optional().describe('Name of the parameter group.'),
    optionGroup: name().optional().describe('Name of the option group.'),
    subnetGroup: name().optional().describe('Name of the subnet group.'),
    securityGroups: z.array(name()).min(1).max(50).optional().describe('Ids of the VPC security groups, all of them.'),
    backupRetentionDays: z.int().min(0).max(35).optional().describe('Days that automated backups are kept.'),
    backupWindow: name().optional().describe('Daily time range in UTC, for example `03:00-03:30`.'),
    maintenanceWindow: name().optional().describe('Weekly time range in UTC, for example `sun:04:00-sun:04:30`.'),
    deletionProtection: z
      .boolean()
      .optional()
      .describe(
        'Whether it is protected from deletion, from finalize on. Before that it never is: an undo removes it.',
      ),
    copyTagsToSnapshot: z.boolean().optional().describe('Whether its snapshots get its tags.'),
    monitoringSeconds: z
      .int()
      .refine((seconds) => [0, 1, 5, 10, 15, 30, 60].includes(seconds), { error: 'not an interval that RDS knows' })
      .meta({ allowed: '0, 1, 5, 10, 15, 30 or 60' })
      .optional()
      .describe('Between two measurements of enhanced monitoring; 0 is none.'),
    monitoringRoleArn: arn().optional().describe('Role of enhanced monitoring.'),
    performanceInsights: z.boolean().optional().describe('Whether Performance Insights is on.'),
    performanceInsightsRetentionDays: z.int().min(7).max(731).optional().describe('Days that its data is kept.'),
    logExports: z
      .array(z.enum(['postgresql', 'upgrade', 'iam-db-auth-error']))
      .optional()
      .describe('Logs that are exported to CloudWatch, all of them.'),
    iamAuthentication: z.boolean().optional().describe('Whether IAM users may log in.'),
    caCertificate: name()
      .optional()
      .describe('Identifier of the certificate authority, for example `rds-ca-rsa2048-g1`.'),
    tags: z.record(tagKey, z.string().max(256)).optional().describe('Tags besides those of blue.'),
    leaveToRds: z
      .array(z.enum(SETTING_NAMES as readonly [SettingName, ...SettingName[]]))
      .optional()
      .describe('Settings that are neither copied from blue nor compared.'),
  })
  .prefault({})
  .describe(
    "What the RDS instance of green gets instead of what blue's has. Everything left out is as with blue, or the run stops with what differs.",
  );
