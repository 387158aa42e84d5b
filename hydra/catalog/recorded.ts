import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SupportedHydraVersion } from '../../domain/hydra-versions';
import { type Fact, type FactKind } from './fact';
import { MigrationPath, type RecordedCommand } from './migration-path';

/** From here. */
export const RECORDED_FOLDERS = { facts: '../versions/catalogs', path: '../paths/catalogs' } as const;

/** What was recorded from the real binaries; `npm run catalogs` writes it, and a test records it anew. */
export const RECORDED = {
  /** What a fresh database of this version has in Hydra's schema. */
  facts: (version: SupportedHydraVersion): readonly Fact[] =>
    read<readonly [FactKind, string, string, string]>(RECORDED_FOLDERS.facts, `${version}.json`).map(
      ([kind, table, name, definition]) => ({
        kind,
        table,
        name,
        definition,
      }),
    ),
  /** What the migrations from one version to the next do, in order. */
  path: (from: SupportedHydraVersion, to: SupportedHydraVersion): MigrationPath =>
    new MigrationPath(read<RecordedCommand>(RECORDED_FOLDERS.path, `${from}-to-${to}.json`)),
} as const;

/** Whether this installation knows what a fresh database of this version is. */
export function isVersionRecorded(version: SupportedHydraVersion): boolean {
  return existsSync(join(__dirname, RECORDED_FOLDERS.facts, `${version}.json`));
}

/** @returns every table that a fresh database of this version has in Hydra's schema */
export function recordedTables(version: SupportedHydraVersion): readonly string[] {
  return RECORDED.facts(version).flatMap(({ kind, table }) => (kind === 'table' ? [table] : []));
}

function read<T>(folder: string, name: string): readonly T[] {
  return JSON.parse(readFileSync(join(__dirname, folder, name), 'utf8')) as readonly T[];
}
