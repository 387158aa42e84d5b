import { errorMessage } from '../../domain/error-message';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../../domain/faults';
import { type CommandName } from '../../domain/ports/command-runner';
import { GATEWAY_PROTOCOL, type GatewayView, type TargetView } from '../../domain/ports/targets';
import { leftToGateways } from '../evidence/left-to-gateways';
import { type StepDeps } from '../step';
import { type Findings } from './findings';

/** Without these a cutover stops in the middle; `startBlue` is for a way back that there is not yet. */
const NEEDED_COMMANDS = [
  ['migrate', 'green.commands.migrate'],
  ['startGreen', 'green.commands.start'],
  ['stopGreen', 'green.commands.stop'],
  ['stopBlue', 'blue.commands.stop'],
] as const satisfies readonly (readonly [CommandName, string])[];
const OPTIONAL_COMMANDS = [
  ['migrateStatus', 'green.commands.migrateStatus'],
  ['startBlue', 'blue.commands.start'],
] as const satisfies readonly (readonly [CommandName, string])[];

const READY_ATTEMPTS = 5;
const READY_RETRY_MS = 500;

/** The programs that the steps will run are there. Runs none of them. */
export async function checkCommands({ commands }: StepDeps, findings: Findings): Promise<void> {
  for (const [name, path] of NEEDED_COMMANDS) {
    if (!commands.has(name)) findings.problem(path, 'is missing', `add it: a cutover needs the command ${name}`);
  }
  for (const [name, path] of [...NEEDED_COMMANDS, ...OPTIONAL_COMMANDS]) {
    const problem = commands.has(name) ? await commands.problem?.(name) : undefined;
    if (problem !== undefined) findings.problem(path, problem, 'install it, or correct the command');
  }
}

/** Blue's Hydra serves, and is the version that the config says. */
export async function checkHydra({ hydra, settings }: StepDeps, findings: Findings): Promise<void> {
  const where = "blue's Hydra";
  if (!(await becomesReady(hydra))) {
    const observed = `/health/ready did not answer 200 on both listeners, ${READY_ATTEMPTS} times in a row`;
    findings.problem(where, observed, 'start it, or correct blue.publicUrl and blue.adminUrl');
    return;
  }
  const expected = settings.hydraVersion.blue;
  const version = (await hydra.version('blue')).replace(/^v/, '');
  if (version === '' || version === 'master') {
    findings.warn(where, 'does not say its version', `make sure that it is ${expected}`);
  } else if (version !== expected) {
    const fix = 'correct blue.hydraVersion, or upgrade Hydra to it first';
    findings.problem(where, `says that it is ${version}`, fix, expected);
  }
}

/** A busy Hydra lets its readiness probe wait for a connection of its pool: one slow answer is no verdict. */
async function becomesReady(hydra: StepDeps['hydra']): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    if (await hydra.isReady('blue')) return true;
    if (attempt === READY_ATTEMPTS) return false;
    await sleep(READY_RETRY_MS);
  }
}

/** Every gateway answers, lets requests pass to blue, and all of them are of one epoch. */
export async function checkGateways({ gateways, settings }: StepDeps, findings: Findings): Promise<void> {
  if (gateways.length === 0) {
    findings.problem('gateways', 'there is none', 'list every instance of the gateway: it holds requests in the pause');
    return;
  }
  const seen: { name: string; view: GatewayView; target: TargetView }[] = [];
  await all(gateways, findings, 'gateway', async (gateway) => {
    seen.push({ name: gateway.name, view: await gateway.state(), target: await gateway.read() });
  });
  for (const { name, view, target } of seen) {
    const where = `gateway ${name}`;
    const fix = 'finish or revert the epoch that it is in';
    if (view.mode !== 'pass') findings.problem(where, `is in the mode ${view.mode}, epoch ${view.epoch}`, fix, 'pass');
    if (view.protocol < GATEWAY_PROTOCOL) {
      const observed = `speaks protocol ${view.protocol}: it would keep readers waiting, and show them what is over`;
      findings.problem(where, observed, 'update it to the version of this worker', `${GATEWAY_PROTOCOL}`);
    }
    if (!view.ready.blue) findings.problem(where, 'does not reach a ready blue', 'correct its address of blue');
    for (const { feature, withoutIt, setting, keys } of leftToGateways(settings)) {
      if (!view.features.includes(feature)) {
        findings.warn(where, withoutIt, `set ${setting} in its config (docs/gateway.md), unless you want that`);
      } else if (view.keys?.[feature] === 'foreign') {
        findings.problem(where, keys.areForeign, keys.fix);
      } else if (view.keys?.[feature] === 'unseen') {
        findings.warn(where, keys.areUntried, 'log in through it once, or let it run before clients for some days');
      }
    }
    checkServesBlue(where, target, findings);
  }
  const epochs = [...new Set(seen.map(({ view }) => view.epoch))];
  if (epochs.length > 1) {
    const observed = `are of different epochs: ${seen.map(({ name, view }) => `${name} ${view.epoch}`).join(', ')}`;
    findings.problem('gateways', observed, 'bring all of them to the same state first');
  }
  if (settings.green.arbiterRoles.length === 0) {
    const fix = 'set databaseRole, and let it log in: without it a gateway in doubt answers 503 until somebody helps';
    findings.warn('gateways', 'have no role to ask the databases who serves', fix);
  }
}

/** Every target answers and serves blue; every job answers. */
export async function checkDependents({ targets, jobs }: StepDeps, findings: Findings): Promise<void> {
  await all(targets, findings, 'target', async (target) => {
    checkServesBlue(`target ${target.name}`, await target.read(), findings);
  });
  await all(jobs, findings, 'job', async (job) => {
    const { paused } = await job.status();
    if (paused) findings.warn(`job ${job.name}`, 'is paused already', 'it will run again when the cutover is over');
  });
}

function checkServesBlue(where: string, view: TargetView, findings: Findings): void {
  if (view.appliedSide !== 'blue') {
    const observed = view.appliedSide === null ? 'serves a state that the config does not know' : 'serves green';
    findings.problem(where, observed, "bring it to blue's state, or correct its states in the config", 'blue');
  }
  if (view.stagedEpoch !== null) {
    findings.warn(where, `has a staged epoch (${view.stagedEpoch}) of an earlier attempt`, 'a higher one is used');
  }
}

/** Asks all at once; each that does not answer is a problem of its own. */
async function all<One extends { readonly name: string }>(
  ones: readonly One[],
  findings: Findings,
  kind: string,
  ask: (one: One) => Promise<void>,
): Promise<void> {
  const answers = await Promise.allSettled(ones.map(ask));
  for (const [index, answer] of answers.entries()) {
    if (answer.status === 'fulfilled') continue;
    const said = errorMessage(answer.reason);
    const code = isCutoverFault(answer.reason) ? answer.reason.code : 'INTERNAL';
    findings.problem(
      `${kind} ${ones[index]?.name ?? index}`,
      `${said} (${code})`,
      'start it, or correct what the config says of it',
    );
  }
}
