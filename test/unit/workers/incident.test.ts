import { INCIDENT_LOOKS } from '../../../workers/incident';
import { DETECTORS } from '../../../world/demo/run-incident';

it('the demo of the incident asks each detector that there is a look for, and damages and repairs besides', () => {
  expect(Object.keys(INCIDENT_LOOKS).sort()).toEqual([...Object.keys(DETECTORS), 'damage', 'repair'].sort());
});
