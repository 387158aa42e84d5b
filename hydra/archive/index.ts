export { type RestoreConflict, type RestoreOptions, type RestoreReceipt, restoreRule } from './restore-rule';
