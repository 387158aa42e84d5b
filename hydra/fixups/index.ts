export { countDamagedFlows } from './count-damaged-flows';
export { repairStates } from './repair-states';
