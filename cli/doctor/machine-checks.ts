import type * as worldChecks from '../../world/cli/doctor-checks';
import { fail, type DoctorCheck } from './check';
import { dependenciesCheck } from './machine/dependencies';
import { memoryCheck } from './machine/memory';
import { nodeVersionCheck } from './machine/node-version';

/** The checks of `doctor` without a config, in the order of the report. */
export function machineChecks(env: NodeJS.ProcessEnv): readonly DoctorCheck[] {
  return [nodeVersionCheck(), dependenciesCheck(), memoryCheck(), ...toolchainChecks(env)];
}

/** Only the world knows what it is built from; an installation for production may lack it. */
function toolchainChecks(env: NodeJS.ProcessEnv): readonly DoctorCheck[] {
  try {
    return (require('../../world/cli/doctor-checks') as typeof worldChecks).worldDoctorChecks(env);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    const fix = 'run doctor from a clone of the repository, or check an environment with --config';
    return [
      { id: 'world', title: 'world', run: async () => fail('the local world is not part of this installation', fix) },
    ];
  }
}
