export { compareAnswers } from './compare-answers';
export { chooseClients, chooseSubjects } from './choose-samples';
export { keepCallers, readCallers } from './callers-store';
export { type AnswerQuestion } from '../paths/copy-path';
export {
  type ConsentOrigin,
  type ListedConsent,
  clientsIn,
  consentOrigins,
  keysIn,
  keySets,
  keySetsRotatedBetween,
  listedConsents,
  sessionsIn,
  subjectsWithConsents,
  validConsentsIn,
} from './rows-behind';
export { editedBetween } from './edited-between';
export { type TrafficReading, keepReadings, trafficBefore } from './traffic-store';
export { type Sample, readSamples, writeSamples } from './sample-store';
