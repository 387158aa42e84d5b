export { removeArchivedUser, removeUserRows } from './remove-user';
export {
  type CanaryStepKept,
  type KeptUser,
  forgetUser,
  keepCode,
  keepFailure,
  keepLogin,
  keepSteps,
  noteUser,
  readUser,
} from './user-store';
