import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspectConfig, type LoadOptions } from '../../../config/load';
import { type ConfigProblem } from '../../../config/problems';
import { type Config } from '../../../config/schema';

/** The smallest config that is right, as an object that tests change. */
export function minimalConfig() {
  const side = (name: string, version: string) => ({
    hydraVersion: version,
    publicUrl: `http://${name}.test:4444`,
    adminUrl: `http://${name}.test:4445`,
    database: { host: `${name}-db.test`, name: 'hydra', user: 'hydra' },
  });
  return {
    environment: { name: 'test' },
    blue: side('blue', '1.11.10'),
    green: side('green', '2.3.0'),
  };
}

/** A folder for config files that is removed after each test. */
export function useConfigFolder() {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'config-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (content: string | Uint8Array | object, name = 'config.yaml'): string => {
    const text = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
    writeFileSync(join(folder, name), text);
    return name;
  };
  const inspect = (content: string | Uint8Array | object, options: Partial<LoadOptions> = {}) =>
    inspectConfig({ file: write(content), cwd: folder, env: {}, ...options });
  return {
    path: (name: string) => join(folder, name),
    folder: () => folder,
    write,
    inspect,
    load: (content: string | Uint8Array | object, options: Partial<LoadOptions> = {}): Config => {
      const inspection = inspect(content, options);
      if ('fault' in inspection) throw inspection.fault;
      return inspection.config;
    },
    problems: (content: string | Uint8Array | object, options: Partial<LoadOptions> = {}): readonly ConfigProblem[] => {
      const inspection = inspect(content, options);
      return 'fault' in inspection ? inspection.problems : [];
    },
  };
}
