import { IN_PLACE_COMMANDS } from '../../domain/in-place/settings';
import { type Findings } from '../preflight/findings';
import { type InPlaceDeps } from './deps';

/** The programs that the steps will run are there. Runs none of them. */
export async function checkInPlaceCommands({ commands }: InPlaceDeps, findings: Findings): Promise<void> {
  for (const name of IN_PLACE_COMMANDS) {
    const path = `inPlace.commands.${name}`;
    if (!commands.has(name)) {
      findings.problem(path, 'is missing', `add it: an upgrade in place needs the command ${name}`);
      continue;
    }
    const problem = await commands.problem?.(name);
    if (problem !== undefined) findings.problem(path, problem, 'install it, or correct the command');
  }
}

/** The old version serves, and is the one that the config says. */
export async function checkOldHydra({ hydra, settings }: InPlaceDeps, findings: Findings): Promise<void> {
  const where = 'the old Hydra';
  if (!(await hydra.old.isReady('blue'))) {
    const observed = '/health/ready did not answer 200 on both listeners';
    findings.problem(where, observed, 'start it, or correct inPlace.old');
    return;
  }
  const version = (await hydra.old.version('blue')).replace(/^v/, '');
  if (version === '' || version === 'master') {
    findings.warn(where, 'does not say its version', `make sure that it is ${settings.from}`);
  } else if (version !== settings.from) {
    findings.problem(where, `says that it is ${version}`, 'correct inPlace.from and inPlace.old', settings.from);
  }
  await hydra.old.readClients('blue');
}

/** Every gateway lets requests pass to blue, and knows both of its Hydras. */
export async function checkBesideGateways({ gateways }: InPlaceDeps, findings: Findings): Promise<void> {
  if (gateways.length === 0) {
    findings.problem('gateways', 'there is none', 'list every instance of the gateway: it moves the traffic in steps');
    return;
  }
  for (const gateway of gateways) {
    const where = `gateway ${gateway.name}`;
    const { mode, epoch } = await gateway.state();
    if (mode !== 'pass')
      findings.problem(where, `is in the mode ${mode}, epoch ${epoch}`, 'finish what it is in', 'pass');
    const { appliedSide } = await gateway.read();
    if (appliedSide !== 'blue') {
      findings.problem(
        where,
        `serves ${appliedSide ?? 'neither side'}`,
        'an upgrade in place is one of blue, before green is made',
        'blue',
      );
    }
    const share = await gateway.besideShare?.();
    if (share === undefined) {
      findings.problem(
        where,
        'knows one Hydra of blue',
        'give it both in its config (`sides.blue` the new one, `sides.blue.older` the old one) and start it anew',
      );
    }
  }
}
