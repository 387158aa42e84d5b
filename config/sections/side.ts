import { z } from 'zod';
import { SUPPORTED_HYDRA_VERSIONS } from '../../domain/hydra-versions';
import { OUR_ROLES } from '../../domain/our-roles';
import { pathsText } from '../../hydra/paths/registry';
import { certificates, host, httpUrl, identifier, port, secret } from '../fields';
import { blueCommands, greenCommands } from './commands';
import { instanceSection } from './instance';

const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;

/** TLS to any PostgreSQL server. */
export const ssl = z
  .strictObject({
    mode: z
      .enum(SSL_MODES)
      .default('verify-full')
      .describe(
        'As in libpq: `require` encrypts without verifying, `verify-ca` verifies the chain, `verify-full` the host too.',
      ),
    ca: certificates()
      .optional()
      .describe(
        'Certificates to trust, in PEM form. Without it: those that Node.js brings, and `NODE_EXTRA_CA_CERTS`.',
      ),
  })
  .prefault({})
  .describe('TLS to the database.');

function login(user: string) {
  return z
    .strictObject({
      user: identifier().describe(user),
      password: secret().optional().describe('Password of the role.'),
    })
    .optional();
}

const database = z
  .strictObject({
    host: host()
      .optional()
      .describe(
        'Host of the database server. May be left out where `rdsInstanceId` is set: then the endpoint of the instance.',
      ),
    port: port().default(5432).describe('Port of the database server.'),
    name: identifier().describe("Name of Hydra's database."),
    user: identifier().describe("Role to connect as. It must own Hydra's tables or be a member of the role that does."),
    password: secret().optional().describe('Password of the role. Left out only where the server asks for none.'),
    schema: identifier().default('public').describe("Schema of Hydra's tables."),
    ssl,
    worker: login(
      "Role to connect as. It is a member of the role that owns Hydra's tables, and of nothing of ours.",
    ).describe(
      "The role that reads Hydra's rows on this side, and on green cleans, fixes and compares them. Without it the role above does, which may decide too: code that Hydra's role planted on its tables would run with its rights.",
    ),
    look: login('Role to connect as. It is a member of nothing that reads or writes rows.').describe(
      'What `status --from-databases`, `doctor` and the look at the catalog in `plan` connect as. Without it: the role above.',
    ),
  })
  .describe('The PostgreSQL database of this side.');

const hydraRole = (which: 'blue' | 'green') =>
  z
    .strictObject({
      name: identifier().default('hydra').describe("Name of the role. The snapshot brings blue's role to green."),
      password: secret()
        .optional()
        .describe(
          which === 'blue'
            ? 'Its password, where a command of blue needs it.'
            : 'Its password: what Hydra on green logs in with. It is set on green when the migration is over.',
        ),
    })
    .prefault({})
    .describe(`The role that owns Hydra's tables and that Hydra of ${which} logs in as.`);

function side<Commands extends z.ZodType>(which: 'blue' | 'green', commands: Commands) {
  return z
    .strictObject({
      hydraVersion: z
        .enum(SUPPORTED_HYDRA_VERSIONS)
        .describe(`Hydra version of ${which}. From blue's to green's there must be a way: ${pathsText()}.`),
      publicUrl: httpUrl().describe(
        'Base URL of the public API of this Hydra itself, not of a gateway in front of it.',
      ),
      adminUrl: httpUrl().describe('Base URL of the admin API of this Hydra itself.'),
      metricsUrls: z
        .array(httpUrl().describe("Metrics of one instance, in Prometheus' text format."))
        .min(1)
        .max(200)
        .optional()
        .describe(
          'Metrics of every instance of this Hydra, which are added up to find calls that no gateway sent. Left out: those of `adminUrl`, which is one instance.',
        ),
      rdsInstanceId: z
        .string()
        .max(63)
        .regex(/^[a-zA-Z](?:-?[a-zA-Z0-9])*$/)
        .meta({ allowed: 'an RDS identifier: letters, digits and single inner hyphens, starting with a letter' })
        .optional()
        .describe(
          which === 'blue'
            ? 'Identifier of the RDS instance. Without it the database is not managed through RDS.'
            : 'Identifier that the RDS instance restored from the snapshot of blue gets.',
        ),
      database,
      hydraRole: hydraRole(which),
      commands,
    })
    .describe(which === 'blue' ? 'The side that serves now.' : 'The side that is next.');
}

const role = (name: string, what: string) =>
  identifier()
    .default(name)
    .describe(`${what} Made ahead by the SQL of \`privileges\`; it has no password but while a run gives it one.`);

export const blueSection = side('blue', blueCommands);
export const greenSection = side('green', greenCommands)
  .extend({
    syncRole: role(OUR_ROLES.sync, 'What green is written as while it is closed.'),
    migrationRole: role(OUR_ROLES.migration, "What green is migrated as: it acts as the owner of Hydra's tables."),
    instance: instanceSection,
  })
  .describe('The side that is next.');
