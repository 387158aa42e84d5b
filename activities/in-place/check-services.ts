import { IN_PLACE_COMMANDS } from '../../domain/in-place/settings';
import { type Findings } from '../preflight/findings';
import { type InPlaceDeps, IN_PLACE_SIDE } from './deps';
import { FORWARD } from '../../domain/sides';

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
  if (!(await hydra.old.isReady(IN_PLACE_SIDE))) {
    const observed = '/health/ready did not answer 200 on both listeners';
    findings.problem(where, observed, 'start it, or correct inPlace.old');
    return;
  }
  const version = (await hydra.old.version(IN_PLACE_SIDE)).replace(/^v/, '');
  if (version === '' || version === 'master') {
    findings.warn(where, 'does not say its version', `make sure that it is ${settings.from}`);
  } else if (version !== settings.from) {
    findings.problem(where, `says that it is ${version}`, 'correct inPlace.from and inPlace.old', settings.from);
  }
  await hydra.old.readClients(IN_PLACE_SIDE);
}

/** Every gateway lets requests pass to the side that serves, and knows both of its Hydras. */
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
    if (appliedSide !== IN_PLACE_SIDE) {
      findings.problem(
        where,
        `serves ${appliedSide ?? 'neither side'}`,
        `an upgrade in place is one of ${IN_PLACE_SIDE}, before ${FORWARD.to} is made`,
        IN_PLACE_SIDE,
      );
    }
    const share = await gateway.besideShare?.();
    if (share === undefined) {
      findings.problem(
        where,
        `knows one Hydra of ${IN_PLACE_SIDE}`,
        `give it both in its config (\`sides.${IN_PLACE_SIDE}\` the new one, \`sides.${IN_PLACE_SIDE}.older\` the old one) and start it anew`,
      );
    }
  }
}
