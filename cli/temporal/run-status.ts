import { printJson, type CliContext } from '../context';
import { withCutover } from './cutover-session';
import { loadEnvironment, type EnvironmentOptions } from './environment-options';
import { look } from './look';
import { renderStatus } from './render-status';
import { exitCodeOfLook, teller, watch } from './watch';

export interface StatusOptions extends EnvironmentOptions {
  readonly watch: boolean;
}

/** @throws CutoverFault CUTOVER_UNKNOWN | TEMPORAL_UNREACHABLE */
export async function runStatus(options: StatusOptions, context: CliContext): Promise<number> {
  const config = loadEnvironment(options, context);
  return withCutover(config, context.env, async (session) => {
    const now = options.watch ? await watch(session, teller(context, options.json), false) : await look(session);
    const exitCode = exitCodeOfLook(now);
    if (options.json) printJson(context, { verb: 'status', ok: exitCode === 0, ...now });
    else if (!options.watch) context.stdout.write(renderStatus(now));
    return exitCode;
  });
}
