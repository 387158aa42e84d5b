import { CutoverFault } from '../../domain/faults';

/** Who asks for an upgrade in place where the config has none: on the command line, or from the Temporal UI. */
export function notConfigured(): CutoverFault {
  return new CutoverFault(
    'CHECK_FAILED',
    'the config has no section inPlace, so there is no step before the upgrade; add it and restart the worker, or start the upgrade itself (without --in-place; in the Temporal UI the type is upgradeHydra)',
  );
}
