import { type Verb } from './verb';
import { doctorVerb } from './verbs/doctor';
import { worldVerb } from './verbs/world';

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [doctorVerb, worldVerb];
