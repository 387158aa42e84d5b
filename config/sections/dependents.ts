import { z } from 'zod';
import { allowPlaintext, certificates, host, httpUrl, identifier, label, port, secret, text } from '../fields';
import { command } from './commands';
import { ssl } from './side';

const state = (side: string) =>
  z
    .unknown()
    .refine((value) => value !== undefined, { error: 'is missing' })
    .meta({ allowed: 'any YAML or JSON, without secrets' })
    .describe(`What the system is configured with while ${side} serves, in its own terms.`);

/** How a target is flipped: each but `http` has a section of its own name. */
export const TARGET_KINDS = ['http', 'file', 'postgres', 'etcd'] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

const file = z
  .strictObject({
    path: z
      .string()
      .max(4_000)
      .regex(/^\/./)
      .meta({ allowed: 'an absolute path' })
      .describe(
        'The file that the system reads, on the machine of the worker. It must exist; files are made beside it.',
      ),
    place: z
      .string()
      .regex(/^[A-Za-z0-9-]{8,64}$/)
      .meta({ allowed: '8 to 64 letters, digits and dashes' })
      .describe(
        'What the file `.NAME.cutover.place` beside it says, which a person writes once, where the system reads: a worker on another machine does not find it there, and refuses.',
      ),
    reload: command(
      'Makes the system read its file again and returns when it has. Without it: the system sees a new file by itself.',
      10_000,
    ),
  })
  .optional()
  .describe(
    'For kind `file`: replaced atomically, then `reload` is run. A text stands in it as it is, anything else as JSON.',
  );

const postgres = z
  .strictObject({
    host: host().describe('Host of the database server. A database of its own: never that of Hydra.'),
    port: port().default(5432).describe('Port of the database server.'),
    database: identifier().describe('Name of the database.'),
    user: identifier().describe('Role to connect as. It needs SELECT and UPDATE on the table.'),
    password: secret().optional().describe('Password of the role. Left out only where the server asks for none.'),
    ssl,
    table: z
      .string()
      .max(127)
      .regex(/^[^."]{1,63}(\.[^."]{1,63})?$/)
      .meta({ allowed: '`table` or `schema.table`, spelt as in the catalogue' })
      .describe('The table, with the columns of docs/targets.md. The system reads column `state`.'),
    row: text().max(200).optional().describe('Value of column `name`. Without it: the name of this target.'),
    createIfMissing: z
      .boolean()
      .default(false)
      .describe('Whether the table, and the row with the state of blue, are made when they are missing.'),
  })
  .optional()
  .describe('For kind `postgres`: one row, changed by one UPDATE that compares what was read.');

const etcd = z
  .strictObject({
    endpoints: z
      .array(httpUrl().describe('Base URL of a member.'))
      .min(1)
      .max(20)
      .describe('Base URLs of the members. The next one is asked when one does not answer.'),
    user: text().max(200).optional().describe('User, where authentication is on. It needs readwrite on the keys.'),
    password: secret().optional().describe('Password of the user.'),
    ca: certificates()
      .optional()
      .describe('Certificates to trust, in PEM form. Without it: those that Node.js brings.'),
    recordKey: text()
      .optional()
      .describe('Key of what is known of epochs. Without it: `/hydra-cutover/targets/` and the name of this target.'),
  })
  .optional()
  .describe(
    'For kind `etcd`: all keys of both states change in one transaction, if none was changed since it was read.',
  );

const target = z.strictObject({
  name: label().describe('Name of this system in reports.'),
  kind: z
    .enum(TARGET_KINDS)
    .default('http')
    .describe("How it is flipped: `http` is this project's target protocol; the others need a section of that name."),
  controlUrl: httpUrl().optional().describe('For kind `http`: base URL of its control listener.'),
  token: secret().optional().describe('For kind `http`: bearer token of its control listener.'),
  ca: certificates().optional().describe('For kind `http`: PEM certificates that vouch for its control listener.'),
  allowPlaintext: allowPlaintext(),
  file,
  postgres,
  etcd,
  states: z
    .strictObject({ blue: state('blue'), green: state('green') })
    .describe(
      'Its configuration for each side. Compared, stored and reported as it stands here. For `etcd`: key → value.',
    ),
});

const job = z.strictObject({
  name: label().describe('Name of this job in reports.'),
  controlUrl: httpUrl().describe('Base URL of the control listener of the system that runs it.'),
  token: secret().describe('Bearer token of that listener.'),
  ca: certificates().optional().describe('PEM certificates that vouch for that listener.'),
  allowPlaintext: allowPlaintext(),
});

export const targetsSection = z
  .array(target)
  .max(100)
  .default([])
  .describe(
    'Systems that talk to a Hydra directly and are flipped with the gateways. A reader of Hydra that is not listed here may see stale answers.',
  );

export const jobsSection = z
  .array(job)
  .max(100)
  .default([])
  .describe(
    "Jobs that act on Hydra's answers, for example purges: paused before the switchover, resumed at the end. Their protocol: docs/targets.md.",
  );
