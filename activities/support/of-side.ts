import { type InstanceOverrides } from '../../domain/instance-plan';
import { type CommandName } from '../../domain/ports/command-runner';
import { type SideName } from '../../domain/sides';
import { type CopyPath, copyPathOf } from '../../hydra/paths';
import { type StepDeps, type Configured } from '../step';

/** The path on which the switchover of these steps carries rows. @throws CutoverFault USAGE where no way leads */
export function pathOfRun({ settings, direction }: Configured): CopyPath {
  return copyPathOf(settings.hydraVersion, direction);
}

/** The provider's name of a side's instance. */
export function instanceIdOf({ settings }: Pick<StepDeps, 'settings'>, side: SideName): string {
  const { blueInstanceId, greenInstanceId } = settings.provider;
  return { blue: blueInstanceId, green: greenInstanceId }[side];
}

/** What a side's instance gets instead of what the one has that it is a copy of, as the config says. */
export function instanceOverridesOf(
  { settings }: Pick<StepDeps, 'settings'>,
  side: SideName,
): InstanceOverrides | undefined {
  return { blue: undefined, green: settings.provider.greenInstance }[side];
}

/** The commands of the config that start and stop the Hydra of a side. */
export const SIDE_COMMANDS = {
  start: { blue: 'startBlue', green: 'startGreen' },
  stop: { blue: 'stopBlue', green: 'stopGreen' },
} as const satisfies Readonly<Record<string, Readonly<Record<SideName, CommandName>>>>;
