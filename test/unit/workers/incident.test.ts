import { INCIDENT_LOOKS } from '../../../workers/incident';
import { DAMAGES, DETECTORS } from '../../../world/demo/run-incident';

it('the demo of the incident does each damage and asks each detector that there is a look for, and repairs besides', () => {
  const asked = [...Object.keys(DAMAGES), ...Object.keys(DETECTORS), 'repair'];
  expect(Object.keys(INCIDENT_LOOKS).sort()).toEqual(asked.sort());
});
