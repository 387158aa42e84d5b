/** What the CLI runs of the worker's composition; verbs load it when they need it. */
export { runWorker } from '../run-worker';
export { planInPlaceLocally, planLocally } from '../plan-locally';
export { readSecrets } from '../read-secrets';
export { withPorts } from '../with-ports';
export { lookAtDatabases } from '../look-at-databases';
export { repairLocally, type RepairReceipt } from '../repair-locally';
export { restoreLocally } from '../restore-locally';
export { purgeLocally } from '../purge-locally';
export { enrolLocally, forgetLocally } from '../enrol-locally';
export { askJob, askTarget } from '../ask-dependents';
