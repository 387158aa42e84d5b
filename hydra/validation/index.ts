export { chooseClients, chooseSubjects } from './choose-samples';
export { clientsIn, consentsInBlue, consentsInGreen, keysIn, listedOnBlue } from './rows-behind';
export { differingFields, editedBetween } from './same-client';
export { type Sample, type SampleKind, readSamples, writeSamples } from './sample-store';
