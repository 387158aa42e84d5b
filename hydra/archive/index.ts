export { type RestoreOptions, type RestoreReceipt, restoreRule } from './restore-rule';
