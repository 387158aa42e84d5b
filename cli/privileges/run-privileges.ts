import { errorMessage } from '../../domain/error-message';
import { type Config, SIDES, type SideName } from '../../config/schema';
import { CutoverFault, FAULTS, isCutoverFault } from '../../domain/faults';
import { type Databases } from '../../domain/ports/databases';
import { checkPrivileges, type PrivilegeFinding } from '../../hydra/privileges';
import type * as loadModule from '../../config/load';
import type * as workerModule from '../../workers/cli';
import { printJson, type CliContext } from '../context';
import { configFile, loadEnvironment, type EnvironmentOptions } from '../temporal/environment-options';
import { iamPolicyOf, revokeSqlOf, sqlOf, toolRolesOf } from './privileges-of';

export interface PrivilegesOptions extends EnvironmentOptions {
  readonly sql?: boolean;
  readonly iam?: boolean;
  readonly check?: boolean;
  readonly revoke?: boolean;
  readonly side?: SideName;
  readonly account?: string;
  readonly monitoringRole?: string;
}

/** What one side's database says. */
interface SideReport {
  readonly side: SideName;
  /** false: there is none yet. */
  readonly present: boolean;
  readonly findings: readonly PrivilegeFinding[];
}

/** @returns 0, or the exit code of CHECK_FAILED when something is missing */
export function runPrivileges(options: PrivilegesOptions, context: CliContext): Promise<number> {
  return options.check === true ? check(options, context) : Promise.resolve(print(options, context));
}

function print(options: PrivilegesOptions, context: CliContext): number {
  const { loadConfig } = require('../../config/load') as typeof loadModule;
  const { env, cwd } = context;
  // Passwords need not exist yet: this is how their roles are made.
  const config = loadConfig({ env, cwd, set: options.set ?? [], unreadSecrets: true, ...configFile(options, context) });
  if (options.revoke === true) {
    const sql = revokeSqlOf(config);
    if (options.json) printJson(context, { verb: 'privileges', ok: true, sql });
    else context.stdout.write(sql);
    return 0;
  }
  const region = config.rds.region ?? env['AWS_REGION'];
  const iam = iamPolicyOf(config, { account: options.account, region, monitoringRoleArn: options.monitoringRole });
  const sql = sqlOf(config, options.side);
  const both = (options.sql === true) === (options.iam === true);
  if (options.json) {
    printJson(context, {
      verb: 'privileges',
      ok: true,
      ...(options.iam && !both ? {} : { sql }),
      ...(options.sql && !both ? {} : { iam }),
    });
    return 0;
  }
  const policy = `${JSON.stringify(iam, undefined, 2)}\n`;
  if (both) context.stdout.write(`${sql}\n-- The policy for the AWS credentials of the worker:\n${asComment(policy)}`);
  else context.stdout.write(options.iam === true ? policy : sql);
  return 0;
}

async function check(options: PrivilegesOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  const { withPorts } = require('../../workers/cli') as typeof workerModule;
  const look = options.revoke === true ? lookForLogin : lookAt;
  const sides = await withPorts(config, context.logger, async ({ databases }) => {
    const reports: SideReport[] = [];
    for (const side of SIDES) reports.push(await look(config, side, databases));
    return reports;
  });
  const isBad = ({ kind }: PrivilegeFinding) => kind === (options.revoke === true ? 'excess' : 'missing');
  const lacking = sides.flatMap(({ findings }) => findings).filter(isBad);
  if (options.json) printJson(context, { verb: 'privileges', ok: lacking.length === 0, sides });
  else context.stdout.write(sides.map(options.revoke === true ? renderRevoked : render).join(''));
  return lacking.length === 0 ? 0 : FAULTS.CHECK_FAILED.exitCode;
}

async function lookAt(config: Config, side: SideName, databases: Databases): Promise<SideReport> {
  try {
    const findings = await databases.withSession(side, (client) => checkPrivileges(client, toolRolesOf(config)), {
      purpose: 'privileges',
    });
    return { side, present: true, findings };
  } catch (error) {
    // Green is made by the upgrade; until then there is nothing to look at.
    if (side === 'green' && isCutoverFault(error) && error.details['reason'] === 'absent') {
      return { side, present: false, findings: [] };
    }
    if (!isCutoverFault(error)) throw asUnexpected(error, side);
    const { what, fix } = error.details;
    if (typeof what !== 'string' || typeof fix !== 'string') throw error;
    return { side, present: true, findings: [{ kind: 'missing', what: `no session: ${what}`, fix }] };
  }
}

/** Whether the tool's role can still log in. What is not told for certain is no proof that it cannot. */
async function lookForLogin(config: Config, side: SideName, databases: Databases): Promise<SideReport> {
  const { user } = config[side].database;
  try {
    await databases.withSession(side, () => Promise.resolve(), { purpose: 'privileges' });
  } catch (error) {
    if (!isCutoverFault(error)) throw asUnexpected(error, side);
    if (error.details['reason'] === 'absent') return { side, present: false, findings: [] };
    // Source: PostgreSQL manual, "PostgreSQL Error Codes", class 28: the role, its password or its right to log in.
    if (String(error.details['sqlState'] ?? '').startsWith('28')) return { side, present: true, findings: [] };
    throw error;
  }
  const fix = 'run what `hydra-cutover privileges --revoke` prints there, as the master user';
  return { side, present: true, findings: [{ kind: 'excess', what: `role ${user} can still log in`, fix }] };
}

/** A message of the server names objects and shows no rows. */
function asUnexpected(error: unknown, side: SideName): CutoverFault {
  const said = errorMessage(error);
  return new CutoverFault('CHECK_FAILED', `the privileges on ${side} could not be looked at: ${said}`, { side }, error);
}

function render({ side, present, findings }: SideReport): string {
  if (!present) return `${side}: not there yet; it gets what blue has\n`;
  if (findings.length === 0) return `${side}: exactly what is needed\n`;
  const lines = findings.map(
    ({ kind, what, fix }) => `  ${kind === 'missing' ? 'missing' : 'too much'}: ${what}; ${fix}`,
  );
  return `${side}:\n${lines.join('\n')}\n`;
}

function renderRevoked(report: SideReport): string {
  if (report.findings.length > 0) return render(report);
  return report.present
    ? `${report.side}: the tool's role cannot log in any more\n`
    : `${report.side}: there is no such database any more\n`;
}

/** So that the whole output may be given to psql. */
function asComment(text: string): string {
  return text.replace(/^(?=.)/gm, '-- ');
}
