import { readFileSync } from 'node:fs';
import { isCutoverFault } from '../../domain/faults';
import { type ProcessSpec, type RunningProcess } from '../supervisor';
import { type WorldContext } from './world-part';

const ATTEMPTS = 4;
const TAKEN = /address already in use|EADDRINUSE/i;

/**
 * Starts a program on ports that were free a moment ago, and once more on others when somebody was faster.
 *
 * @param names port name → fixed port, undefined or 0 for a free one
 * @throws CutoverFault PORT_TAKEN when a fixed port is in use, and whatever the start throws
 */
export async function startOnPorts<Name extends string>(
  context: WorldContext,
  names: Readonly<Record<Name, number | undefined>>,
  toSpec: (ports: Readonly<Record<Name, number>>) => ProcessSpec,
): Promise<{ process: RunningProcess; ports: Readonly<Record<Name, number>> }> {
  for (let attempt = 1; ; attempt++) {
    const ports = {} as Record<Name, number>;
    for (const name of Object.keys(names) as Name[]) ports[name] = await context.settings.port(name, names[name]);
    try {
      return { process: await context.supervisor.start(toSpec(ports)), ports };
    } catch (error) {
      if (attempt === ATTEMPTS || !saysPortTaken(error)) throw error;
      context.logger.warn({ attempt, code: 'PORT_TAKEN' }, 'port taken meanwhile, trying another');
      for (const name of Object.keys(names) as Name[]) context.settings.forgetPort(name);
    }
  }
}

function saysPortTaken(error: unknown): boolean {
  if (!isCutoverFault(error) || error.code !== 'PROCESS_DIED') return false;
  const { logFile } = error.details;
  return TAKEN.test(error.message) || (typeof logFile === 'string' && TAKEN.test(readFileSync(logFile, 'utf8')));
}
