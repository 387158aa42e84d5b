export { assertTwoServers } from './crossed-connections';
export { dropCopiedSchema, dropCopiedTriggers, setCopiedSchemaAside } from './copied-schema';
export { closeLogins, endSessions, reopenLogins, setLogin } from './logins';
export { type Preparation, beginCleaning, installPreparation, keepResult, readPreparation } from './preparation';
export { COPIED_SCHEMA, type RunRow, assertGreen, notGreen, readRunRow } from './whose-schema';
export { type MigrationRole, closeMigrationRole, dropMigrationRole, openMigrationRole } from './migration-role';
export { type MigrationProgress, readMigrations, tablesOfOthers } from './migrations';
export { setRolePassword } from './role-password';
export { assertFreshCopy } from './fresh-copy';
