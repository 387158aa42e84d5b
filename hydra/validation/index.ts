export { type AnswerDifference, compareAnswers } from './compare-answers';
export { chooseClients, chooseSubjects } from './choose-samples';
export { type AnswerQuestion, type ExpectedDifference, EXPECTED_DIFFERENCES } from './expected-differences';
export {
  type ListedConsent,
  clientsIn,
  consentsInBlue,
  consentsInGreen,
  keysIn,
  listedOnBlue,
  subjectsInGreen,
} from './rows-behind';
export { differingFields, editedBetween } from './same-client';
export { type Sample, type SampleKind, readSamples, writeSamples } from './sample-store';
