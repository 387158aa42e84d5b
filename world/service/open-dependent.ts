import { type z } from 'zod';
import { type RouteHandler, targetRoutes } from '../../gateway/target';
import { startControlListener } from './control-listener';
import { DependentTarget } from './dependent-target';
import { type HydraSide } from './hydra-admin';
import { type ListenAddress } from './http-listener';
import { LiveConfig } from './live-config';
import { type ServiceContext } from './run-service';

interface DependentConfig {
  readonly control: ListenAddress;
  readonly listen: ListenAddress;
  readonly stateFile: string;
  readonly initial: HydraSide;
}

/** What every system has that asks one Hydra: a config that it follows, and a target port on its control listener. */
export async function openDependent<T extends DependentConfig>(
  schema: z.ZodType<T>,
  { configFile: file, controlToken: token, logger }: ServiceContext,
) {
  const config = await LiveConfig.open({ file, schema, startOnly: ['listen', 'control', 'stateFile'], logger });
  const { stateFile, initial, control: address } = config.current;
  const target = await DependentTarget.open({ file: stateFile, initial, logger });
  const targets = targetRoutes(target, { token, onError: (err) => logger.error({ err }, 'target call failed') });
  const startControl = (...more: readonly RouteHandler[]) =>
    startControlListener({ address, configStatus: () => config.status, routes: [targets, ...more], logger });
  return { config, target, startControl };
}
