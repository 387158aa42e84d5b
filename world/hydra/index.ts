export {
  type HydraDatabase,
  type PostgresLogin,
  createHydraDatabase,
  createLogin,
  databaseUrl,
  hydraDsn,
  withClient,
} from './create-hydra-database';
export { type HydraProcessOptions, hydraProcess } from './hydra-process';
export { type HydraLaunch, hydraSettings } from './launch-settings';
export { type MigrateOptions, migrateHydra, runMigrate } from './migrate-hydra';
