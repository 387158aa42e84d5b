import { type Verb } from './verb';
import { approveVerb } from './verbs/approve';
import { cancelVerb } from './verbs/cancel';
import { doctorVerb } from './verbs/doctor';
import { enrolVerb } from './verbs/enrol';
import { historyVerb } from './verbs/history';
import { pauseVerb } from './verbs/pause';
import { planVerb } from './verbs/plan';
import { privilegesVerb } from './verbs/privileges';
import { rejectVerb } from './verbs/reject';
import { repairVerb } from './verbs/repair';
import { purgeVerb } from './verbs/purge';
import { restoreVerb } from './verbs/restore';
import { reportVerb } from './verbs/report';
import { resumeVerb } from './verbs/resume';
import { scheduleVerb } from './verbs/schedule';
import { startVerb } from './verbs/start';
import { statusVerb } from './verbs/status';
import { workerVerb } from './verbs/worker';
import { worldVerb } from './verbs/world';

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [
  doctorVerb,
  planVerb,
  startVerb,
  statusVerb,
  approveVerb,
  rejectVerb,
  pauseVerb,
  resumeVerb,
  cancelVerb,
  repairVerb,
  enrolVerb,
  restoreVerb,
  reportVerb,
  historyVerb,
  scheduleVerb,
  privilegesVerb,
  purgeVerb,
  workerVerb,
  worldVerb,
];
