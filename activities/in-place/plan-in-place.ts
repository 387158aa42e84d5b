import { type InPlacePlan } from '../../domain/in-place/receipts';
import { type InPlacePreflightInput } from '../../domain/in-place/steps';
import { checkWorker } from '../preflight/check-input';
import { Findings } from '../preflight/findings';
import { digestOf } from './bookkeeping';
import { checkOldDatabase, type SeenDatabase } from './check-database';
import { checkHanging } from './check-hanging';
import { checkOwnBookkeeping } from './check-own-bookkeeping';
import { checkSchema } from './check-schema';
import { checkBesideGateways, checkInPlaceCommands, checkOldHydra } from './check-services';
import { type InPlaceStep } from './deps';
import { stepsOf } from './plan-steps';
import { readVendorPlan, type VendorPlan } from './read-vendor-plan';

/**
 * Looks at everything that an upgrade in place needs, and changes nothing but the scratch database, where the vendor's own migration is
 * watched. All checks run, whatever the others find.
 *
 * Idempotent; a run that finds the acts of an earlier one done plans to go on there.
 * @throws CutoverFault CHECK_FAILED with all problems at once
 */
export const planInPlace: InPlaceStep<InPlacePreflightInput, InPlacePlan> = async (deps, input, context) => {
  const { settings } = deps;
  const findings = new Findings();
  const attempt = (where: string, check: () => Promise<void> | void) => {
    context.heartbeat({ check: where });
    return findings.attempt(where, context.signal, check);
  };
  await attempt('settings', () => checkWorker(settings, input, { run: 'run', look: '`plan --in-place`' }, findings));
  await attempt('commands', () => checkInPlaceCommands(deps, findings));
  await attempt('the old Hydra', () => checkOldHydra(deps, findings));
  await attempt('gateways', () => checkBesideGateways(deps, findings));
  let seen: SeenDatabase | undefined;
  await attempt('database', async () => {
    seen = await checkOldDatabase(deps, context, findings);
  });
  let vendor: VendorPlan | undefined;
  await attempt('scratch database', async () => {
    vendor = await readVendorPlan(deps, context);
    for (const { migration, statement, why } of vendor.refused) {
      const what = `${settings.to} would run a statement that stops people or cannot be repeated: ${why}`;
      findings.problem(`migration ${migration}`, what, `look at it: ${statement}`);
    }
  });
  const actsDone = seen?.kept?.begunAt == null ? 0 : seen.kept.actsDone;
  if (vendor !== undefined && seen !== undefined) {
    const [known, found] = [vendor, seen];
    await attempt('schema', () => checkSchema(deps, context, { vendor: known, kept: found.kept }, findings));
    if (found.kept?.begunAt == null)
      await attempt('bookkeeping', () => checkOwnBookkeeping(deps, context, known, findings));
    await attempt('what hangs on it', () => checkHanging(deps, context, known.plan, findings));
  }
  for (const warning of findings.warnings) deps.log.warn({ ...input, warning }, 'preflight warns');
  findings.throwIfAny();
  if (vendor === undefined || seen === undefined) throw new TypeError('a check that did not throw left nothing behind');
  const { schema, owner, oldRole, newRole } = settings;
  return {
    environment: settings.environment,
    configDigest: settings.configDigest,
    from: settings.from,
    to: settings.to,
    database: { schema, owner, oldRole, newRole, bytes: seen.bytes, rows: seen.rows },
    online: vendor.plan,
    catalogDigest: digestOf(vendor.after),
    actsDone,
    gateways: deps.gateways.map(({ name }) => name),
    shares: settings.shares,
    warnings: findings.warnings,
    steps: stepsOf(settings, vendor.plan, actsDone),
    gates: settings.gates,
  };
};
