import { errorMessage } from '../../domain/error-message';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCutoverFault } from '../../domain/faults';
import { type CommandName } from '../../domain/ports/command-runner';
import { GATEWAY_PROTOCOL, type GatewayView, type TargetView } from '../../domain/ports/targets';
import { leftToGateways } from '../evidence/left-to-gateways';
import { type StepDeps } from '../step';
import { type Findings } from './findings';
import { SIDE_COMMANDS } from '../support/of-side';
import { type Direction, type SideName } from '../../domain/sides';

/** A command, and where the config names it. */
type ConfiguredCommand = readonly [CommandName, string];

/** Without these a cutover stops in the middle. */
const neededCommands = ({ from, to }: Direction): readonly ConfiguredCommand[] => [
  ['migrate', `${to}.commands.migrate`],
  [SIDE_COMMANDS.start[to], `${to}.commands.start`],
  [SIDE_COMMANDS.stop[to], `${to}.commands.stop`],
  [SIDE_COMMANDS.stop[from], `${from}.commands.stop`],
];
/** The one that starts the left side is for a way back that there is not yet. */
const optionalCommands = ({ from, to }: Direction): readonly ConfiguredCommand[] => [
  ['migrateStatus', `${to}.commands.migrateStatus`],
  [SIDE_COMMANDS.start[from], `${from}.commands.start`],
];

const READY_ATTEMPTS = 5;
const READY_RETRY_MS = 500;

/** The programs that the steps will run are there. Runs none of them. */
export async function checkCommands({ commands, direction }: StepDeps, findings: Findings): Promise<void> {
  const needed = neededCommands(direction);
  for (const [name, path] of needed) {
    if (!commands.has(name)) findings.problem(path, 'is missing', `add it: a cutover needs the command ${name}`);
  }
  for (const [name, path] of [...needed, ...optionalCommands(direction)]) {
    const problem = commands.has(name) ? await commands.problem?.(name) : undefined;
    if (problem !== undefined) findings.problem(path, problem, 'install it, or correct the command');
  }
}

/** The left side's Hydra serves, and is the version that the config says. */
export async function checkHydra(
  { hydra, settings, direction: { from } }: StepDeps,
  findings: Findings,
): Promise<void> {
  const where = `${from}'s Hydra`;
  if (!(await becomesReady(hydra, from))) {
    const observed = `/health/ready did not answer 200 on both listeners, ${READY_ATTEMPTS} times in a row`;
    findings.problem(where, observed, `start it, or correct ${from}.publicUrl and ${from}.adminUrl`);
    return;
  }
  const expected = settings.hydraVersion[from];
  const version = (await hydra.version(from)).replace(/^v/, '');
  if (version === '' || version === 'master') {
    findings.warn(where, 'does not say its version', `make sure that it is ${expected}`);
  } else if (version !== expected) {
    const fix = `correct ${from}.hydraVersion, or upgrade Hydra to it first`;
    findings.problem(where, `says that it is ${version}`, fix, expected);
  }
}

/** A busy Hydra lets its readiness probe wait for a connection of its pool: one slow answer is no verdict. */
async function becomesReady(hydra: StepDeps['hydra'], side: SideName): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    if (await hydra.isReady(side)) return true;
    if (attempt === READY_ATTEMPTS) return false;
    await sleep(READY_RETRY_MS);
  }
}

/** Every gateway answers, lets requests pass to the left side, and all of them are of one epoch. */
export async function checkGateways(deps: StepDeps, findings: Findings): Promise<void> {
  const { gateways, settings } = deps;
  const { from } = deps.direction;
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
    if (!view.ready[from]) findings.problem(where, `does not reach a ready ${from}`, `correct its address of ${from}`);
    for (const { feature, withoutIt, setting, keys } of leftToGateways(deps)) {
      if (!view.features.includes(feature)) {
        findings.warn(where, withoutIt, `set ${setting} in its config (docs/gateway.md), unless you want that`);
      } else if (view.keys?.[feature] === 'foreign') {
        findings.problem(where, keys.areForeign, keys.fix);
      } else if (view.keys?.[feature] === 'unseen') {
        findings.warn(where, keys.areUntried, 'log in through it once, or let it run before clients for some days');
      }
    }
    checkServesLeft(deps, where, target, findings);
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

/** Every target answers and serves the left side; every job answers. */
export async function checkDependents(deps: StepDeps, findings: Findings): Promise<void> {
  await all(deps.targets, findings, 'target', async (target) => {
    checkServesLeft(deps, `target ${target.name}`, await target.read(), findings);
  });
  await all(deps.jobs, findings, 'job', async (job) => {
    const { paused } = await job.status();
    if (paused) findings.warn(`job ${job.name}`, 'is paused already', 'it will run again when the cutover is over');
  });
}

function checkServesLeft(
  { direction: { from, to } }: StepDeps,
  where: string,
  view: TargetView,
  findings: Findings,
): void {
  if (view.appliedSide !== from) {
    const observed = view.appliedSide === null ? 'serves a state that the config does not know' : `serves ${to}`;
    findings.problem(where, observed, `bring it to ${from}'s state, or correct its states in the config`, from);
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
